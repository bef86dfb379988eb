const counter = (n = 0) => ({inc: () => ++n, get: () => n});
const a = counter(), b = counter(10);
a.inc(); a.inc(); b.inc();
return [a.get(), b.get()];
