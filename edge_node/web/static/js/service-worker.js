/**
 * One job: when a page is loaded while the node is away, show the page that waits for it.
 *
 * FACTS (release, page, files) is put before this text by the node. Nothing but these files is
 * ever kept, and no answer of the node is touched: a page that the node made, even an error, goes
 * through as it is.
 */
"use strict";

const SHELF = `restarting-${FACTS.release}`;
const AREAS = /^\/(kiosk|counter)(\/|$)/;
const AWAY = [502, 503, 504];

self.addEventListener("install", (event) => {
  const keep = async () => {
    const shelf = await caches.open(SHELF);
    await shelf.addAll([FACTS.page, ...FACTS.files]);
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

const kept = async (address) => (await caches.match(address)) ?? Response.error();

async function load(request) {
  try {
    const answer = await fetch(request);
    const ours = answer.headers.has("X-Request-Id");
    return AWAY.includes(answer.status) && !ours ? await kept(FACTS.page) : answer;
  } catch {
    return kept(FACTS.page);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate" && AREAS.test(pathname)) event.respondWith(load(request));
  else if (FACTS.files.includes(pathname)) event.respondWith(fetch(request).catch(() => kept(pathname)));
});
