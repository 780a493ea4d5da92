// What an application does with Gotenberg, by the client chromiumly: node client.mjs FOLDER PAGE-URL
//
// GOTENBERG_ENDPOINT says where, GOTENBERG_API_BASIC_AUTH_USERNAME and _PASSWORD who asks.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HtmlConverter, LibreOffice, MarkdownConverter, UrlConverter, UrlScreenshot } from 'chromiumly';

const [folder, url] = process.argv.slice(2);
const index = Buffer.from('<html><body>{{ toHTML "file.md" }}</body></html>');
const size = { width: 5.8, height: 8.3 };

const made = {
  'document.pdf': () => LibreOffice.convert({ files: [join(folder, 'letter.docx')], pdfa: 'PDF/A-2b' }),
  'url.pdf': () => new UrlConverter().convert({ url, properties: { size, printBackground: true } }),
  'markdown.pdf': () =>
    new MarkdownConverter().convert({ html: index, markdown: Buffer.from('# From Markdown'), waitDelay: '10ms' }),
  'screenshot.png': () =>
    new UrlScreenshot().capture({ url, properties: { format: 'png', width: 320, height: 240, clip: true } }),
};
for (const [name, make] of Object.entries(made)) await writeFile(join(folder, name), await make());

const refused = await new HtmlConverter().convert({ html: index, pdfUA: true }).catch(error => error);
await writeFile(join(folder, 'refused.txt'), String(refused));
