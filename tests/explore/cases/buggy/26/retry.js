// 失败就隔一秒再来，最多三次
async function retry(work, tries = 3) {
  try {
    return await work();
  } catch (error) {
    if (tries <= 1) throw error;
    await new Promise(resolve => setTimeout(resolve, 1000));
    return retry(work, tries - 1);
  }
}
