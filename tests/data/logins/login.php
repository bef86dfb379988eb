<?php // PHP's own sessions: the id is a cookie and another one after the login.
session_start();
$user = getenv('EXTERNAL_USER');
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/login.php' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    $csrf = $_SESSION['csrf'] ?? '';
    $right = $csrf !== '' && hash_equals($csrf, $_POST['csrf_token'] ?? '')
        && $_POST['user'] === $user && $_POST['pass'] === getenv('EXTERNAL_PASSWORD');
    if ($right) {
        session_regenerate_id(true);
        $_SESSION['user'] = $user;
    }
    header('Location: ' . ($right ? 'portal.php?from=login' : 'login.php?error=1'));
    exit;
}
if ($path === '/login.php') {
    $_SESSION['csrf'] = bin2hex(random_bytes(16));
    header('Content-Type: text/html; charset=gbk');
    echo iconv('UTF-8', 'GBK', "<title>登录</title><form method=post><script>var token = '{$_SESSION['csrf']}';</script>"
        . "<p>账号<input name=user><input name=pass type=password></form>");
    exit;
}
if (!isset($_SESSION['user'])) {
    header('Location: /login.php');
    exit;
}
header('Content-Type: application/json; charset=utf-8');
$row = ['合同编号' => 'HT-2026-0007', '甲方' => '北京某某科技有限公司'];
echo json_encode(['code' => 200, 'data' => $row], JSON_UNESCAPED_UNICODE);
