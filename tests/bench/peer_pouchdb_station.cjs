// The station of the PouchDB comparison: holds dossiers and replicates them to the centre. Prints READY
// when it holds them, waits for a line, replicates, and prints how many records in how many seconds.
// NODE_PATH leads to the peers' own packages.
//
//     node peer_pouchdb_station.cjs FOLDER LINES URL COUNT
"use strict";

const fs = require("node:fs");
const https = require("node:https");
const readline = require("node:readline");
const PouchDB = require("pouchdb");

const AT_ONCE = 500;

async function fill(database, lines, count) {
  const input = readline.createInterface({ input: fs.createReadStream(lines), crlfDelay: Infinity });
  let documents = [];
  let filled = 0;
  for await (const line of input) {
    if (filled === count) break;
    const dossier = JSON.parse(line);
    documents.push({ _id: dossier.dossier_id, ...dossier });
    filled += 1;
    if (documents.length === AT_ONCE || filled === count) {
      await database.bulkDocs(documents);
      documents = [];
    }
  }
  return filled;
}

// PouchDB opens a connection for every request unless an agent keeps them.
function keepingConnections(url) {
  const agent = new https.Agent({ keepAlive: true });
  const fetch = (address, options) => PouchDB.fetch(address, { ...options, agent });
  return new PouchDB(url, { fetch });
}

async function main(folder, lines, url, wanted) {
  fs.mkdirSync(folder);
  const database = new PouchDB(`${folder}/queue`);
  const count = await fill(database, lines, Number(wanted));
  const centre = keepingConnections(url);
  await centre.info();
  const command = new Promise((resolve) => process.stdin.once("data", resolve));
  console.log("READY {}");
  await command;
  const begun = performance.now();
  const result = await database.replicate.to(centre, { batch_size: AT_ONCE });
  const seconds = (performance.now() - begun) / 1000;
  const kept = (await centre.info()).doc_count;
  if (!result.ok || kept !== count) throw new Error(`the centre holds ${kept} of ${count} records`);
  console.log(JSON.stringify({ records: kept, seconds }));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
