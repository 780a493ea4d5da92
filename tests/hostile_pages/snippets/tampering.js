requestAnimationFrame = () => 0
Promise = function () { }
Object.defineProperty(document, 'fonts', {get() { throw 1; }})
Array.from = Map.prototype.set = JSON.stringify = () => { throw new Error('mine'); }
document.querySelector = document.createTreeWalker = getComputedStyle = () => { for (;;); }
Object.defineProperty(document, 'images', {get: () => ({[Symbol.iterator]: () => ({next: () => ({value: {}, done: false})})})})
document.documentElement.remove()
document.replaceChildren()
document.getAnimations = () => ({forEach() { for (;;); }})
Object.defineProperty(Object.prototype, 'then', {get() { return undefined; }, set() { }})
Element.prototype.checkVisibility = () => { throw 2; }; TreeWalker.prototype.nextNode = () => document.body
HTMLImageElement.prototype.decode = () => new Promise(() => 0); document.body.innerHTML = '<img src=data:,>'
