setTimeout(() => location.reload(), 0)
location.href = '?' + Math.random()
document.write('<meta http-equiv=refresh content=0>')
history.pushState(0, '', '?x'); setInterval(() => { history.back(); history.forward(); }, 1)
setInterval(() => location.hash = Math.random(), 0)
for (let n = 0; n < 1e6; n++) history.pushState(n, '', '?' + n)
document.body.innerHTML = '<form><input name=a value=1></form>'; document.forms[0].submit()
setInterval(() => location.replace('?' + Math.random()), 5)
location = 'about:blank'
location = URL.createObjectURL(new Blob(['<p>blob'], {type: 'text/html'}))
location = 'data:text/html,x'
location = 'chrome://crash'
location = 'file:///etc/passwd'
location = 'view-source:' + location
location = 'javascript:while(true);'
window.close(); window.stop(); document.open(); document.close()
