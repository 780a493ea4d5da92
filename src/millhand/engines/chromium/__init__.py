"""The Chromium engine: web pages become pictures and PDFs of an exact physical size.

`engine.Chromium` is the way in. Playwright (the `pages` extra) drives the system's Chromium; whatever a page asks for
goes through `gate`, which connects to public addresses and named hosts alone.
"""
