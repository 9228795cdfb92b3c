// Small drawings for what fonts may lack.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  key: "M6 10a3 3 0 1 1 0-.1zM6.2 8.6 13 2M10.5 4.3l2 2M8.7 6.1l1.4 1.4",
  waves: "M2 5h7l-2-2m2 2-2 2M7 11h7l-2-2m2 2-2 2",
  cross: "M4 4l8 8M12 4l-8 8",
  tick: "M3 8.5l3.5 3.5L13 4.5",
  barred: "M8 2.2a5.8 5.8 0 1 0 .01 0zM4 4l8 8",
};

/// One of them, as high as the text around it and in its colour.
export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({class: "icon-inline", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false"}))
    drawn.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  drawn.append(path);
  return drawn;
}
