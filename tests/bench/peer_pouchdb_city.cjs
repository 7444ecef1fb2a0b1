// The centre of the PouchDB comparison: what a replication needs, over TLS, on LevelDB. Prints READY when
// it listens. NODE_PATH leads to the peers' own packages.
//
//     node peer_pouchdb_city.cjs FOLDER CERTIFICATE KEY HOST PORT
"use strict";

const fs = require("node:fs");
const https = require("node:https");
const express = require("express");
const expressPouchDB = require("express-pouchdb");
const PouchDB = require("pouchdb");

const [folder, certificate, key, host, port] = process.argv.slice(2);
fs.mkdirSync(folder);
const application = express();
const databases = PouchDB.defaults({ prefix: `${folder}/` });
application.use(expressPouchDB(databases, { mode: "minimumForPouchDB" }));
const tls = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) };
https.createServer(tls, application).listen(Number(port), host, () => console.log("READY {}"));
