"""The values of Word's object model that are used here. Source: Microsoft Learn, Word VBA reference, enumerations."""

ALERTS_NONE = 0  # WdAlertLevel.wdAlertsNone
FORCE_DISABLE_MACROS = 3  # MsoAutomationSecurity.msoAutomationSecurityForceDisable
DO_NOT_SAVE = 0  # WdSaveOptions.wdDoNotSaveChanges
OPEN_FORMAT_AUTO = 0  # WdOpenFormat.wdOpenFormatAuto

EXPORT_PDF = 17  # WdExportFormat.wdExportFormatPDF
OPTIMIZE_FOR_PRINT = 0  # WdExportOptimizeFor.wdExportOptimizeForPrint
ALL_PAGES = 0  # WdExportRange.wdExportAllDocument
FROM_TO = 3  # WdExportRange.wdExportFromTo
CONTENT = 0  # WdExportItem.wdExportDocumentContent
WITH_MARKUP = 7  # WdExportItem.wdExportDocumentWithMarkup
NO_BOOKMARKS = 0  # WdExportCreateBookmarks.wdExportCreateNoBookmarks
HEADINGS = 1  # WdExportCreateBookmarks.wdExportCreateHeadingBookmarks

COUNT_PAGES = 2  # WdStatistic.wdStatisticPages
FINAL = 0  # WdRevisionsView.wdRevisionsViewFinal
ASKING_FIELDS = frozenset({38, 39})  # WdFieldType.wdFieldAsk and wdFieldFillIn: a dialog that nobody would answer
