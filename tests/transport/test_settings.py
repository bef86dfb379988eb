"""Secrets that a text assigns without quotes: lines, prose, connection strings, tables in CSV."""

from __future__ import annotations

import json
import time

import pytest

from bpmax_sim.secret.secret_names import may_name_secret
from bpmax_sim.transport.loose_members import find_settings
from bpmax_sim.transport.message_members import find_secret_members, parse_message_parts

P = "Zh0ng-9uo_77"

FOUND = {
    "INI": (f"[db]\nhost = h\npassword = {P}\n", [P]),
    "properties": (f"spring.datasource.url=a\nspring.datasource.password={P}\n", [P]),
    "YAML": (f"db:\n  user: a\n  password: {P}\n", [P]),
    "environment": (f"export DB_PASSWORD={P}\nA=1\n", [P]),
    "word in a file": ("# 数据库\n[db]\nuser = a\npassword = changeme\n\n", ["changeme"]),
    "letter": (f"您好，账号：zhangsan\n密码：{P}\n请登录", [P]),
    "sentence": (f"账号：zhangsan，密码：{P}，请尽快修改。", [P]),
    "letter, quotes": (f"初始密码：“{P}”（首次登录请修改）", [P]),
    "letter, a bracket": (f"初始密码为：{P}（首次登录请修改）！", [P]),
    "letter, a verb": (f"您的密码是{P}！", [P]),
    "sent credential": ("> Authorization: Bearer a1b2c3d4e5f6g7h8\n", ["a1b2c3d4e5f6g7h8"]),
    "number after a change": ("重置后密码：884213", ["884213"]),
    "weak ones": (
        "密码：sm123456 密码：Admin@123 密码：yourDog77",
        ["sm123456", "Admin@123", "yourDog77"],
    ),
    "short key": ("密钥：Zh0ng9uo", ["Zh0ng9uo"]),
    "number": ("您的初始密码：884213。", ["884213"]),
    "end of a sentence": (f"Your password is new. Password: {P}.", [P]),
    "sent headers": (f"GET / HTTP/1.1\nX-Api-Key: {P}\nHost: a\n", [P]),
    "log": ("level=info token=a1b2c3d4e5f6g7 user=zs", ["a1b2c3d4e5f6g7"]),
    "form in a log": (f"body: user=zs&n=1 password={P}&b=1", [P]),
    "ADO": (f"Server=h;Database=d;User Id=sa;Password={P};Encrypt=true", [P]),
    "ADO, a word": ("连接 Data Source=h;User Id=sa;Password=changeme 完", ["changeme"]),
    "ADO in a program": (f'const dsn = "Server=h;Uid=sa;Pwd={P};";\nconst token = read();', [P]),
    "ODBC": (f"Driver={{ODBC}};Server=h;Uid=sa;Pwd={P};", [P]),
    "JDBC": (f"jdbc:sqlserver://h:1433;databaseName=d;user=sa;password={P};a=b", [P]),
    "JDBC, a word": ("见 jdbc:sqlserver://h;user=sa;password=changeme;a=b", ["changeme"]),
    "libpq": ("host=h user=u password=changeme dbname=d", ["changeme"]),
    "Azure": (
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=Zm9vYmFyMTIz==;EndpointSuffix=y",
        ["Zm9vYmFyMTIz=="],
    ),
    "CSV": (f"姓名,密码,部门\n张三,{P},财务\n李四,Li-4-secret,人事\n", [P, "Li-4-secret"]),
    "CSV, words": ("user,password,dept\nzs,changeme,x\nls,welcome,y\n", ["changeme", "welcome"]),
    "CSV, quotes": ('\ufeffuser,"password"\r\nzs,"a,b""c-77x"\r\n', ['a,b""c-77x']),
    "CSV, cut off": (f"user,password,dept\nzs,{P},x\nls,9uo-Zh0ng", [P, "9uo-Zh0ng"]),
    "tabs": (f"user\tpassword\nzs\t{P}\n", [P]),
    "semicolons": (f"user;password\nzs;{P}\n", [P]),
    "CSV, lines of old Macintoshes": (f"user,password\rzs,{P}\rls,welcome", [P, "welcome"]),
    "CSV, spaces": (f"姓名, 密码 ,部门\n张三, {P} ,财务\n", [P]),
    "CSV with a comma within": (f'user,password\n"张三,李四",{P}\n', [P]),
}


@pytest.mark.parametrize(("text", "secrets"), FOUND.values(), ids=FOUND)
def test_a_secret_that_a_text_assigns_is_found(text: str, secrets: list[str]) -> None:
    found = [*find_settings(text)]

    assert [*dict.fromkeys(one.text for one in found)] == secrets
    assert all(f"{one.before}{one.text}{one.after}" in text for one in found)
    assert may_name_secret(text.encode())
    for kind, body in (("text/plain", text), ("application/json", json.dumps({"内容": text}))):
        parts = parse_message_parts((("Content-Type", kind),), body.encode(), ())
        assert {*secrets} <= {one.text for one in find_secret_members(parts)}
        older = parse_message_parts((("Content-Type", kind),), body.encode(), (), version=2)
        assert [one for one in find_secret_members(older, version=2) if one.around] == []


HARMLESS = [
    # sentences that speak of passwords, rules for them, labels of forms
    "请输入登录密码：6-20位字母和数字的组合", "忘记密码：点击这里找回", "密码：请联系管理员",
    "密码有效期：2026-12-31 到期", "重置密码: https://oa.example.test/reset1/a",
    "密码错误3次将锁定账号", "密码：SHA-256 加密后保存", "口令：SM4-CBC", "密码强度：强2级以上",
    "密钥：见附件2", "私钥：/etc/ssl/key1.pem", "如需修改密码，请于2026-12-01前登录OA2026",
    "令牌桶：限流100000次", "门禁密码锁：A12B型；数量：3", "The password: must be 8 characters",
    "password: required\nusername: required", "Password = required", "密码：${DB_PASSWORD1}",
    "password: your_password1", "password=<新密码1>", "password: ********",
    "access_token: access_token2", "password: hunter.two.abc",
    # other members with these names
    "signature: Zhang3 San4", "session: Room12B", "Session: 20260302-0001", "token: 20 per minute",
    "pass: 1234567 fail: 0", "Credentials: ISO9001 certified", "license_key: see HT-2026-07",
    "sign: 张三", "Auth: OAuth2.0", "appsecret：在开放平台获取V2",
    "user=zs password=changed status=ok", "level=info user=zs auth=success",
    "Server=h;Database=crm;Integrated Security=true", "合同编号=HT-2026-0007;版本=v2;金额=8500.00",
    "姓名：张三，部门：财务，工号：A1002938",
    "Host: a\nAccept: text/html\nX-Request-Id: 0123456789abcdef",
    "请求参数：access_token=你的token&u=1", "Basic 认证", "basic authentication",
    # what a value is, and where it stands
    "密码:8-20chars", "密码:min8max20", "密码：^[A-Za-z0-9]{8,16}$", "password: [A-Za-z0-9]{8,16}",
    "password: varchar2", "password: uint8array", "密码：Sheet2!B2", "password: error401",
    "密码：ERR10086", "账号密码：ORA-01017: 拒绝", "密码:HT-2026-0007", "password: Step2of3",
    "密钥:1024bit", "私钥：PKCS#8", "私钥：pkcs1-or-pkcs8", "公钥私钥：PEM2DER", "令牌：JWT/HS256",
    "密码：pbkdf2:sha256:260000", "密码:SM2SM3SM4", "密码：GM/T0028-2014", "口令：GB/T39786-2021",
    "sign: MD5withRSA2048", "signature: sha256withrsaencryption", "令牌:3600000ms",
    "PWD=/home/oa/app2\nHOME=/home/oa", "host=h1 pwd=/home/oa2 user=oa",
    "DB_PASSWORD=/run/secrets/db_password\nA=1", "env PWD=C:\\oa\\app2 HOST=h1",
    # days, calls and codes behind an action
    "忘记密码:13800138000", "重置密码：4008008888", "重置密码：it-help@oa2.example.com",
    "修改密码：oa.example.test/pwd2", "上次修改密码:20260302", "上次重置密码: 20260302101500",
    "剩余令牌：100000", "令牌桶令牌：100000", "cookie: 2024-01-02T00:00:00Z",
    "session: 2026-03-02T10:00:00+08:00", "Session: Session_12_Room_B",
    # names of things, which programs give
    "2026-03-02 INFO session: http-nio-8080-exec-12 start", "session: spring-session-redis2",
    "secret: db-credentials-v2", "credential: aws-prod-2026-readonly",
    "Authorization: OAuth2ClientCredentials", "token: tokens-per-minute-2000",
    "session: org.a.catalina.Facade@1a2b3c4d", "User(id=1, password=com.x.P@1a2b3c4d)",
    "redis key=session:user:10086:abc", "login:token:a1b2c3d4e5f6g7 password:retry:10086",
    "license_key: HT-2026-07-00012345", "Signature: Zhang-San-2026-03-02",
    # templates, parameters of SQL and masks
    "spring.datasource.password=${DB_PASSWORD:}\na=1", "password=#{newPwd1}, token=#{token12}",
    "update u set password=:newPwd1 where id=1", "您的密码：{{pwd1}}，请保管", "您的密码：#pwd1#。",
    "a.password=@db.password@\na=1", "Server=h;User Id=u;Password=@Password;",
    "Server=h;User Id=u;Password=__DB_PASSWORD__;", "token: a1b2****c3d4e5f6",
    # labels and messages under these keys
    "login.password=\\u5bc6\\u7801\nlogin.user=\\u7528\\u6237", "password=Contrase\\u00f1a\na=1",
    "form.newPassword=NewPassword\nform.confirmPassword=ConfirmPassword",
    "error.password=mismatch\nerror.user=missing", "[列]\npassword = varchar\nuser = varchar",
    "show_password=enabled\nreset_password=disabled", "host=h1 user=oa password=required",
    "host=h1 pass=1234567 fail=0", "level=info pass=100000 host=h1 user=zs",
    # programs
    "let token = a1b2c3d4e5f6g7;", "const x=1;\npassword=input2.value;", "password = input2.value",
    "function f(){password=abc12345;}", "password = read(input2)", "a => {token=a1b2c3d4e5f6g7}",
    # tables
    "订单号,客户,金额,签收\nSO20260301,张三,8500.00,是\nSO20260302,李四,99.00,否\n",
    "订单号,密码\nSO20260301,已设置\n", "字段,说明\npassword,登录密码\ntoken,访问令牌abc123\n",
    "user,session\nzs,Morning\nls,Evening Talk 12\n", "请输入用户名,密码\n不能为空,请重新输入",
    "门禁密码锁,型号,数量\nX100,A12345,3", "用户,密码\n张三,******", "用户,密码",
    "用户,密码\n谢谢", "用户,密码\n张三,changeme,x\n李四,welcome\n",
    "场次,session,主讲\n1,2026Spring-A1,王老师\n2,S20260301A,李老师\n",
    "用例,pass,fail\n登录,100000,3\n导出,passed,4\n", "合同号,signature\nHT-7,ZhangSan2026\n",
    "证书,credential\n电工证,T440101199001011234\n", "系统,password\nOA,disabled\nERP,expired\n",
    "参数,password,token\n类型,string,string32\n必填,required,optional\n",
    "password,password\npassword,password", "进度,token\r10%\r20%\r完成",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_speaks_of_secrets_is_left(text: str) -> None:
    page = f"<html><body><p>{text}</p><pre>{text}</pre></body></html>"
    bodies = {
        "text/plain": text, "text/csv": text, "text/html": page,
        "application/json": json.dumps({"说明": text}, ensure_ascii=False),
    }  # fmt: skip

    assert [*find_settings(text)] == []
    for kind, body in bodies.items():
        older, found = (
            {
                one.text
                for one in find_secret_members(
                    parse_message_parts((("Content-Type", kind),), body.encode(), (), "", version),
                    version=version,
                )
            }
            for version in (2, 3)
        )
        assert found <= older, kind


@pytest.mark.parametrize(
    "part",
    ["a=b;", "a=b c=d ", "password=x ", "密码：", "a,password\n", '"', "return ", "a=\n", "[a]\n",
     "/a;b=", "a://b:c@", "&a=b", "<script>", "<a>", "\n", "\r", "<a><![CDATA["],
)  # fmt: skip
def test_texts_are_searched_in_a_time_that_grows_with_them(part: str) -> None:
    text = "password @;hook " + part * (30_000 // len(part))
    begin = time.process_time()

    for body in (text, f"<p>{text}"):
        [*find_secret_members(parse_message_parts((), body.encode(), ()))]

    assert time.process_time() - begin < 2
