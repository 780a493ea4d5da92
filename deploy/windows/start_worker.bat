@echo off
rem Runs the worker in the foreground, as the scheduled task does. What it says goes to logs\worker.log.
rem The exit code is the worker's own, so that Task Scheduler sees a failed run.
setlocal
cd /d "%~dp0"
if not exist logs mkdir logs

rem Keep the last log; one file grows without end otherwise.
if exist logs\worker.log for %%F in (logs\worker.log) do if %%~zF GEQ 20000000 move /y logs\worker.log logs\worker.old.log >nul

set PYTHONUTF8=1
".venv\Scripts\python.exe" -m millhand --env-file docserver.env worker docserver >>logs\worker.log 2>&1
set rc=%errorlevel%
exit /b %rc%
