// What V8 says of the errors of error_messages.json: node messages.mjs < error_messages.json > new.json
// Each entry is [program, what V8 says, what is said here where that differs]; the last is kept as it is.
import {readFileSync} from 'node:fs';

const AsyncFunction = (async () => {}).constructor;
const told = [];
for (const [program, , here] of JSON.parse(readFileSync(0, 'utf8'))) {
  let said = 'none';
  try {
    await new AsyncFunction('console', 'form', program)({log() {}}, {name: 'x'});
  } catch (error) { said = `${error.name}: ${error.message}`; }
  told.push(here === undefined || here === said ? [program, said] : [program, said, here]);
}
console.log('[\n' + told.map(one => JSON.stringify(one)).join(',\n') + '\n]');
