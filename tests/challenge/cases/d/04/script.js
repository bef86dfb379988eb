let turns = 0;
await new Promise(done => {
  const timer = setInterval(() => {
    turns++;
    if (turns >= form.够) {
      clearInterval(timer);
      done();
    }
  }, 1000);
});
form.次数 = turns;
