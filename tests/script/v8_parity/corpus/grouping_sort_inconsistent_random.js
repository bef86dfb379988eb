let seed = 7;
const rnd = () => (seed = seed * 16807 % 2147483647) / 2147483647;
return Array.from({length: 40}, (_, i) => i).sort(() => rnd() - 0.5).join();
