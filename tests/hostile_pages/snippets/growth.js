setInterval(() => document.body.append(Object.assign(document.createElement('p'), {textContent: 'more'})), 0)
new ResizeObserver(() => { document.body.style.height = document.body.offsetHeight + 500 + 'px'; }).observe(document.body)
onresize = () => { document.body.style.height = innerHeight * 2 + 'px'; }; onresize()
onscroll = onload = () => { document.body.style.height = document.body.offsetHeight * 2 + 99 + 'px'; scrollTo(0, 1e9); }
