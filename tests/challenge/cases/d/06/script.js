const flags = { ready: false };
Promise.resolve().then(() => { flags.ready = true; });
let rounds = 0;
while (!flags.ready) {
  await null;
  rounds++;
}
form.就绪 = flags.ready;
