const inner = new Promise(r => setTimeout(() => r('内'), 1));
return [await Promise.resolve(inner) === await inner, Promise.resolve(inner) === inner, await new Promise(r => r(inner))];
