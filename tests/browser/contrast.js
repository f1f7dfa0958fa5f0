// Texts whose colour is too near to what is behind them: below 4.5 to 1, as WCAG 2 reckons it.
const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const parts = (color) => color.match(/[\d.]+/g).map(Number);
const solid = (color) => { const all = parts(color); return all.length < 4 || all[3] > 0.99; };

function behind(element) {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (solid(color)) return parts(color);
  }
  return [255, 255, 255];
}

const texts = [...document.querySelectorAll("body *")].filter((element) => {
  const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const box = element.getBoundingClientRect();
  return own && box.width > 2 && box.height > 2 && !element.closest(".hidden, dialog:not([open]), :disabled, script, style, noscript");
});
return texts.map((element) => {
  const [a, b] = [luminance(parts(getComputedStyle(element).color)), luminance(behind(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  return ratio < 4.5 ? `${element.className || element.nodeName}: ${element.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}` : null;
}).filter(Boolean);
