"""How legible a page is: the contrast of each text with what is behind it, by the rules of WCAG 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

ENOUGH: Final = 4.5
"""The ratio that WCAG 2 asks for of text of any size (1.4.3, level AA)."""

_POOR: Final = """
(enough) => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const [light, dark] = [getComputedStyle(element).color, behind(element)].map(luminance).sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < enough) poor.push(`${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim()}`);
  }
  return poor;
}
"""


def poor_contrasts(page: Page) -> list[str]:
    """Give the visible texts that are hard to read, each with its ratio; backgrounds are plain colours here."""
    poor: list[str] = page.evaluate(_POOR, ENOUGH)
    return poor
