"""Documents in scripts that run from right to left, and in Chinese, Japanese and Korean."""

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH

from scripts.samples.ooxml import east_asian, element, right_to_left

ARABIC = (
    "السيدة مديرة المكتبة المحترمة،",
    "تحية طيبة وبعد، نشكركم على رسالتكم المؤرخة في 14 آذار 2024، ويسعدنا أن نرسل إليكم قائمة الكتب التي طلبتموها.",
    "وصلت الطلبية رقم 1207 كاملة إلا كتاب (A Field Guide to Birds) الذي نفد من المخزن، وسنرسله حين يتوفر.",
    "وتفضلوا بقبول فائق الاحترام والتقدير.",
)
ARABIC_TABLE = (
    ("العنوان", "العدد", "السعر"),
    ("تاريخ البحر", "3", "45.50"),
    ("خرائط المدينة", "12", "18.00"),
)

HEBREW = (
    "הודעה לתושבים",
    "ביום ראשון, 7 ביולי, בין השעות 9:00 ל־13:00, תופסק אספקת המים ברחוב הגפן לצורך החלפת צינור ישן.",
    "אנא מלאו מים מראש. לשאלות: 03-555-0147 או בדואר אלקטרוני water@example.org.",
)
HEBREW_LIST = ("יש לסגור את הברז הראשי", "יש לרוקן את הדוד", "יש לפתוח את הברזים לאט")

EAST_ASIA = (
    (
        "简体中文",
        "Noto Sans CJK SC",
        "zh-CN",
        "河水缓缓流过磨坊，水车从清晨转到黄昏。面粉装进布袋，由小船运往下游的集市。",
    ),
    ("繁體中文", "Noto Sans CJK TC", "zh-TW", "春天的河岸開滿了白花，孩子們在橋上數著經過的船隻。"),
    (
        "日本語",
        "MS Mincho",
        "ja-JP",
        "川辺の水車小屋では、朝早くから粉をひく音が聞こえます。カタカナとひらがなも混ぜて書きます。",
    ),
    ("한국어", "Batang", "ko-KR", "물레방아는 아침부터 저녁까지 돌고, 배는 밀가루를 싣고 강을 내려갑니다."),
)


def arabic_letter() -> WordDocument:
    """A letter in Arabic with numbers, a Latin title in the text, and a table that starts at the right."""
    document = Document()
    heading = document.add_heading("رسالة إلى المكتبة العامة", 1)
    right_to_left(heading, "Noto Naskh Arabic")
    for text in ARABIC:
        right_to_left(document.add_paragraph(text), "Noto Naskh Arabic")
    table = document.add_table(rows=0, cols=3, style="Table Grid")
    table._tbl.tblPr.insert(1, element("<w:bidiVisual/>"))
    for texts in ARABIC_TABLE:
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.text = text
            right_to_left(cell.paragraphs[0], "Noto Naskh Arabic")
    return document


def hebrew_notice() -> WordDocument:
    """A notice in Hebrew: dates, times, a telephone number and an address inside the text; a numbered list."""
    document = Document()
    heading, *body = HEBREW
    title = document.add_heading(heading, 0)
    right_to_left(title, "Noto Sans Hebrew")
    for text in body:
        right_to_left(document.add_paragraph(text), "Noto Sans Hebrew")
    for text in HEBREW_LIST:
        right_to_left(document.add_paragraph(text, style="List Number"), "Noto Sans Hebrew")
    footer = document.sections[0].footer.paragraphs[0]
    footer.text = "מחלקת המים"
    right_to_left(footer, "Noto Sans Hebrew")
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return document


def east_asian_texts() -> WordDocument:
    """Chinese in both scripts, Japanese and Korean, each with its language and font."""
    document = Document()
    document.add_heading("The mill by the river", 1)
    for name, font, language, text in EAST_ASIA:
        heading = document.add_heading(level=2)
        east_asian(heading.add_run(name), font, language)
        paragraph = document.add_paragraph()
        east_asian(paragraph.add_run(text * 3), font, language)
        paragraph.add_run(f" ({language})")
    return document
