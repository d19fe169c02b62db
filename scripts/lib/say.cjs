// Progress for people goes to stderr; stdout is for results that programs read.
"use strict";

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Ends the program with a clear error: what was wrong and what to do. */
function fail(text) {
  process.stderr.write(`error: ${text}\n`);
  process.exit(1);
}

module.exports = { say, fail };
