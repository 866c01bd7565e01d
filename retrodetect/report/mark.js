"use strict";
for (const box of document.querySelectorAll(".marker")) {
  const duration = Number(box.dataset.duration);
  const track = box.querySelector(".track"), picked = box.querySelector(".picked");
  const [from, to] = box.querySelectorAll("input");
  const list = box.querySelector("ol"), save = box.querySelector("a");
  let marks = [], grabbed = null;

  const clock = (s) => {
    const tenths = Math.round(10 * s), minutes = Math.floor(tenths / 600);
    return minutes + ":" + ((tenths - 600 * minutes) / 10).toFixed(1).padStart(4, "0");
  };
  const seconds = (input) => {
    const parts = input.value.trim().replace(",", ".").split(":").map(Number);
    return Math.min(Math.max(parts.reduce((sum, part) => 60 * sum + part, 0), 0), duration);
  };
  const place = (node, start, end) => {
    node.style.left = (100 * start) / duration + "%";
    node.style.width = (100 * (end - start)) / duration + "%";
  };
  const pick = (a, b) => {
    from.value = clock(Math.min(a, b));
    to.value = clock(Math.max(a, b));
    place(picked, seconds(from), seconds(to));
  };
  const at = (event) => {
    const edges = track.getBoundingClientRect();
    return duration * Math.min(Math.max((event.clientX - edges.left) / edges.width, 0), 1);
  };
  track.addEventListener("pointerdown", (event) => {
    grabbed = at(event);
    pick(grabbed, grabbed);
    try { track.setPointerCapture(event.pointerId); } catch { /* no such pointer */ }
  });
  track.addEventListener("pointermove", (event) => grabbed === null || pick(grabbed, at(event)));
  for (const end of ["pointerup", "pointercancel"]) track.addEventListener(end, () => { grabbed = null; });
  for (const input of [from, to]) {
    input.addEventListener("input", () => place(picked, seconds(from), seconds(to)));
    input.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      input.value = clock(Math.min(Math.max(seconds(input) + step, 0), duration));
      place(picked, seconds(from), seconds(to));
    });
  }

  const show = () => {
    track.querySelectorAll("i:not(.picked)").forEach((node) => node.remove());
    list.replaceChildren();
    for (const mark of marks) {
      const strip = document.createElement("i");
      strip.className = mark.direction;
      place(strip, mark.start, mark.end);
      track.insertBefore(strip, picked);
      const item = document.createElement("li"), remove = document.createElement("button");
      const words = clock(mark.start) + " to " + clock(mark.end) + ": " + (mark.direction === "none" ? "no walking or running" : mark.direction);
      remove.type = "button";
      remove.textContent = "Remove";
      remove.setAttribute("aria-label", "Remove " + words);
      remove.addEventListener("click", () => { marks = marks.filter((other) => other !== mark); show(); });
      item.append(words + " ", remove);
      list.append(item);
    }
    const rows = marks.map((mark) => [mark.start.toFixed(2), mark.end.toFixed(2), mark.direction].join(","));
    save.hidden = !marks.length;
    save.href = "data:text/csv;charset=utf-8," + encodeURIComponent(["start_s,end_s,direction", ...rows, ""].join("\n"));
  };
  for (const button of box.querySelectorAll("button[data-direction]")) {
    button.addEventListener("click", () => {
      const start = seconds(from), end = seconds(to);
      if (!(end - start >= 0.1)) { from.focus(); return; }
      // What is marked again is cut out of the marks before it: no two overlap.
      marks = marks
        .flatMap((old) => [{ ...old, end: Math.min(old.end, start) }, { ...old, start: Math.max(old.start, end) }])
        .filter((part) => part.end - part.start >= 0.1);
      marks.push({ start, end, direction: button.dataset.direction });
      marks.sort((a, b) => a.start - b.start);
      show();
    });
  }
}
