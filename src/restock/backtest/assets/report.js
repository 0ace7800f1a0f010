"use strict";
// Language and theme of the page, and the charts in both. No request ever leaves the page.
(() => {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search);
  const inks = {
    light: { ink: "#3d4a57", grid: "#e6ebf0", zero: "#8794a1", hover: "#ffffff" },
    dark: { ink: "#c3ccd5", grid: "#28323c", zero: "#6f7c89", hover: "#1c252e" },
  };

  const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a file may not store */ } };
  const one = (value, allowed) => (allowed.includes(value) ? value : null);

  let language = one(asked.get("lang"), ["en", "zh"]) ?? one(kept("restock-language"), ["en", "zh"]) ?? root.dataset.language;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let theme = one(asked.get("theme"), ["light", "dark"]) ?? one(kept("restock-theme"), ["light", "dark"]) ?? (system.matches ? "dark" : "light");

  // Paint a figure in the ink of a theme; what the figure says itself (colours of policies) stays.
  const painted = (figure, shade) => {
    const ink = inks[shade];
    const layout = { ...figure.layout, font: { ...figure.layout.font, color: ink.ink }, hoverlabel: { ...figure.layout.hoverlabel, bgcolor: ink.hover, bordercolor: ink.zero }, modebar: { bgcolor: "rgba(0,0,0,0)", color: ink.zero, activecolor: ink.ink } };
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(key)) layout[key] = { ...layout[key], gridcolor: ink.grid, zerolinecolor: ink.zero, linecolor: ink.grid };
    }
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // a finger scrolls the page
    return layout;
  };
  const BROAD = 920; // pixels on paper, scaled down by the style sheet
  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "zoomIn2d", "zoomOut2d", "pan2d", "autoScale2d"],
  };
  const plots = [...document.querySelectorAll(".plot")];
  const read = (plot) => JSON.parse(document.getElementById(`${plot.id}-${language}`).textContent);
  const draw = (shade = theme, width = undefined) => {
    for (const plot of plots) {
      const figure = read(plot);
      const layout = painted(figure, shade);
      if (width) layout.width = plot.classList.contains("broad") ? BROAD : width;
      Plotly.react(plot, figure.data, layout, config);
    }
  };

  const show = () => {
    root.dataset.language = language;
    root.dataset.theme = theme;
    root.lang = language === "zh" ? "zh-Hans" : "en";
    document.title = root.dataset[language === "zh" ? "titleZh" : "titleEn"];
    for (const button of document.querySelectorAll("[data-set]")) {
      const [what, value] = button.dataset.set.split(":");
      button.setAttribute("aria-pressed", String((what === "language" ? language : theme) === value));
    }
    for (const plot of plots) plot.setAttribute("aria-label", plot.dataset[language === "zh" ? "labelZh" : "labelEn"]);
    draw();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set]");
    if (!button) return;
    const [what, value] = button.dataset.set.split(":");
    if (what === "language") language = value; else theme = value;
    keep(`restock-${what}`, value);
    show();
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const each of opened) each.open = true;
    root.dataset.theme = "light";
    draw("light", 680);
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
    show();
  });
  show();
})();
