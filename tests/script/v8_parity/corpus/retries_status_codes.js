const answers = [503, 429, 200];
const log = [];
let res;
do { res = answers.shift(); log.push(res); } while (res !== 200 && answers.length);
return log;
