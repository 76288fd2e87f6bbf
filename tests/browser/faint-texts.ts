/**
 * A script for a page: every text whose contrast with its ground is below 4.5 to 1, the least that WCAG 2.2 asks for.
 * As text, because it runs in the browser and nothing of ours may lean on names that only a browser has.
 */
export const FAINT_TEXTS = `(() => {
  const luminance = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element) => {
    if (element === null) {
      return 'rgb(255, 255, 255)';
    }
    const ground = getComputedStyle(element).backgroundColor;
    return ground === 'rgba(0, 0, 0, 0)' ? groundOf(element.parentElement) : ground;
  };
  return [...document.querySelectorAll('h1,h2,p,a,th,td,span,b,button,code,caption,summary')]
    .filter((element) => element.textContent.trim() !== '')
    .map((element) => {
      const one = luminance(getComputedStyle(element).color);
      const two = luminance(groundOf(element));
      const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
      return { text: element.textContent.trim().slice(0, 30), ratio };
    })
    .filter(({ ratio }) => ratio < 4.5);
})()`;
