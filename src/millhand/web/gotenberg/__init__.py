"""Gotenberg's routes, by its names and with its answers, so that its clients work with millhand as they are.

The work is done by the same kinds as that of `/v1/convert` and `/v1/export`. What is read here of Gotenberg is its
documentation (gotenberg.dev, 8.x and 9.x) and its source (pkg/modules/{api,chromium,libreoffice,webhook}).
"""
