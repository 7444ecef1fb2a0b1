// Keeps the desk page true while people look at it; without script a reload does the same.
const POLL_MS = 1500;

/** Send a form without leaving the page. */
async function send(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await fetch(form.action, { method: "POST", headers: { Accept: "application/json" } });
    await refresh();
  } finally {
    button.disabled = false;
  }
}

function showLine(whole) {
  const state = document.getElementById("line-state");
  state.className = `state ${whole ? "whole" : "cut"}`;
  state.textContent = whole ? state.dataset.whole : state.dataset.cut;
}

function showProcesses(alive) {
  const list = document.getElementById("processes");
  list.replaceChildren(
    ...Object.entries(alive).map(([name, running]) => {
      const row = document.createElement("li");
      const word = document.createElement("span");
      row.className = running ? "up" : "down";
      word.textContent = running ? "đang chạy" : "đã dừng";
      row.append(`${name} `, word);
      return row;
    }),
  );
}

function showPapers(papers) {
  document.getElementById("no-paper").hidden = papers.length > 0;
  const list = document.getElementById("papers");
  const shown = [...list.querySelectorAll("img")].map((image) => image.getAttribute("src")).join();
  if (shown === papers.map((paper) => paper.url).join()) return;
  list.replaceChildren(
    ...papers.map((paper) => {
      const row = document.createElement("li");
      const link = document.createElement("a");
      const image = document.createElement("img");
      link.href = paper.url;
      link.target = "_blank";
      link.rel = "noopener";
      image.src = paper.url;
      image.alt = paper.role === "ticket" ? "Phiếu số 80 mm" : "Giấy hẹn A5";
      link.append(image);
      row.append(link);
      return row;
    }),
  );
}

async function refresh() {
  try {
    const answer = await fetch("/state", { cache: "no-store" });
    const { line, alive, papers } = await answer.json();
    showLine(line);
    showProcesses(alive);
    showPapers(papers);
  } catch {
    // The demonstration was stopped; the page stays as it is.
  }
}

document.addEventListener("submit", send);
setInterval(refresh, POLL_MS);
