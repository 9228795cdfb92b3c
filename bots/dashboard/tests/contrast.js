// Texts whose contrast with what is behind them is under 4.5 to 1.
const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([red, green, blue]) =>
  [red, green, blue].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
const behind = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const colour = rgba(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll('body *')]
  .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((one) => {
    const [text, back] = [light(rgba(getComputedStyle(one).color)), light(behind(one))];
    return [one, (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05)];
  })
  .filter(([, ratio]) => ratio < 4.5)
  .map(([one, ratio]) => `${one.tagName}.${one.className} ${ratio.toFixed(2)} ${one.textContent.trim().slice(0, 20)}`);
