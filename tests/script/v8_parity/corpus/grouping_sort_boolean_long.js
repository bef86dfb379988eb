const a = Array.from({length: 50}, (_, i) => (i * 37) % 50);
console.log(a.slice().sort((x, y) => x > y).join());
console.log(a.slice().sort((x, y) => x < y ? -1 : 0).join());
return a.slice().sort(() => 1).join();
