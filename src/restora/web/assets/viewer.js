// A picture before and after, over one another: a divider between them, zoom, and a click that says where.
const find = (name) => element.querySelector(name);
const state = { zoom: 1, x: 0, y: 0, divider: 0.5, name: null };
const size = () => props.value || {};
const stage = () => find(".stage").getBoundingClientRect();
const fitting = () => Math.min(stage().width / size().width, stage().height / size().height);

function clamped(offset, room, extent) {  // a small picture in the middle, a large one without a gap
  return extent <= room ? (room - extent) / 2 : Math.min(0, Math.max(room - extent, offset));
}

function fitHeight() {  // the whole picture without a margin, where the window is high enough
  const { width, height } = size(), most = Math.max(240, Math.min(720, 0.7 * innerHeight));
  find(".stage").style.height = `${Math.min(most, find(".stage").clientWidth * height / width)}px`;
}

function draw() {
  const { width, height, after, crop } = size();
  const room = stage(), line = state.divider * room.width;
  state.x = clamped(state.x, room.width, width * state.zoom);
  state.y = clamped(state.y, room.height, height * state.zoom);
  const hidden = Math.max(0, Math.min(width, width - (line - state.x) / state.zoom));
  for (const image of element.querySelectorAll("img")) {
    image.style.width = `${width}px`;
    image.style.height = `${height}px`;
    image.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
    image.classList.toggle("pixels", state.zoom * devicePixelRatio > 2);
  }
  find(".before").style.clipPath = after ? `inset(0 ${hidden}px 0 0)` : "none";
  find(".divider").style.left = `${line}px`;
  find(".stage").classList.toggle("near", state.zoom > fitting() * 1.01);
  find("output").textContent = `${Math.round(100 * state.zoom * devicePixelRatio)} %`;
  const box = find(".crop");
  box.hidden = !crop;
  if (crop) {
    const [left, top, across, down] = crop.map((side) => side * state.zoom);
    Object.assign(box.style, { left: `${state.x + left}px`, top: `${state.y + top}px`, width: `${across}px`, height: `${down}px` });
  }
}

function zoomTo(zoom, x = stage().width / 2, y = stage().height / 2) {
  const wanted = Math.min(16, Math.max(Math.min(1 / devicePixelRatio, fitting()), zoom));
  state.x = x - (x - state.x) * wanted / state.zoom;
  state.y = y - (y - state.y) * wanted / state.zoom;
  state.zoom = wanted;
  draw();
}

function zoomBy(word) {
  if (word === "in") zoomTo(state.zoom * 1.5);
  if (word === "out") zoomTo(state.zoom / 1.5);
  if (word === "fit") zoomTo(fitting());
  if (word === "one") zoomTo(1 / devicePixelRatio);
}

function divide(share) {
  state.divider = Math.min(1, Math.max(0, share));
  find("input").value = 100 * state.divider;
  draw();
}

function show() {
  const { before, after, width, height, name } = size();
  find(".viewer").classList.toggle("empty", !before);
  if (!before) return;
  find(".before").src = before.url;
  find(".after").src = (after || before).url;
  for (const part of [".divider", ".left", ".right", ".slide"]) find(part).hidden = !after;
  const shape = `${name} ${width} ${height}`;
  if (state.name !== shape) {  // a restoration is shown where one was looking
    state.name = shape;
    fitHeight();
    state.zoom = Math.min(fitting(), 4);
  }
  draw();
}

function point(x, y) {  // says where in the picture that is, as shares of its width and height
  const across = (x - state.x) / state.zoom / size().width, down = (y - state.y) / state.zoom / size().height;
  if (across >= 0 && across <= 1 && down >= 0 && down <= 1) trigger("select", { across, down });
}

const pointers = new Map();
let dragged = null;
const spread = () => { const [a, b] = [...pointers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
const within = (event) => { const room = stage(); return [event.clientX - room.left, event.clientY - room.top]; };

element.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".stage")) return;
  const [x, y] = within(event);
  pointers.set(event.pointerId, { x, y });
  const near = size().after && Math.abs(x - state.divider * stage().width) < 24;
  dragged = pointers.size > 1 ? { pinch: spread(), zoom: state.zoom } : { divider: near, x, y, moved: 0 };
  event.target.setPointerCapture(event.pointerId);
});
element.addEventListener("pointermove", (event) => {
  const last = pointers.get(event.pointerId);
  if (!last || !dragged) return;
  const [x, y] = within(event);
  pointers.set(event.pointerId, { x, y });
  if (dragged.pinch && pointers.size === 2) {
    const [a, b] = [...pointers.values()];
    zoomTo(dragged.zoom * spread() / dragged.pinch, (a.x + b.x) / 2, (a.y + b.y) / 2);
    return;
  }
  dragged.moved = Math.max(dragged.moved || 0, Math.hypot(x - dragged.x, y - dragged.y));
  if (dragged.divider) divide(x / stage().width);
  else if (dragged.moved > 4) { state.x += x - last.x; state.y += y - last.y; draw(); }
});
for (const kind of ["pointerup", "pointercancel"]) {
  element.addEventListener(kind, (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (kind === "pointerup" && dragged && !dragged.pinch && !dragged.divider && dragged.moved <= 4) point(...within(event));
    if (!pointers.size) dragged = null;
  });
}
element.addEventListener("wheel", (event) => {
  const ours = event.target.closest(".stage");
  if (!ours || !(event.ctrlKey || ours === document.activeElement)) return;  // else the page scrolls
  event.preventDefault();
  zoomTo(state.zoom * Math.exp(-event.deltaY / 400), ...within(event));
}, { passive: false });
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) zoomBy(button.dataset.zoom);
});
element.addEventListener("input", (event) => { if (event.target.matches("input")) divide(event.target.value / 100); });
element.addEventListener("keydown", (event) => {
  if (!event.target.matches(".stage")) return;
  const words = { "+": "in", "=": "in", "-": "out", "0": "fit", "1": "one" };
  const ways = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  if (words[event.key]) zoomBy(words[event.key]);
  else if (event.key === "Enter") point(stage().width / 2, stage().height / 2);
  else if (ways[event.key]) { state.x += ways[event.key][0]; state.y += ways[event.key][1]; draw(); }
  else return;
  event.preventDefault();
});
let seen = 0;
new ResizeObserver(() => {  // a tab that was hidden, a telephone that was turned
  const { width } = stage();
  if (!size().before || !width || width === seen) return;
  const whole = !seen || state.zoom <= fitting() * 1.01;
  seen = width;
  fitHeight();
  if (whole) state.zoom = Math.min(fitting(), 4);
  draw();
}).observe(element);
watch("value", show);
show();
