"""The files of a new project, whole, and what its options make of them."""

from __future__ import annotations

from pathlib import Path

from bpmax_sim.i18n import choose_language, get_current_language
from bpmax_sim.starter.init import AUTHS, CIS, NewProject, plan_files, write_and_record_project

ADDRESS = "https://erp.example.test"
CHINESE = """\
== scenarios/platforms/erp.yaml
# 一个第三方系统：地址、登录方式、接口。
platform_key: erp
base_url: https://erp.example.test
credentials:
  username: {}
  password: {secret: true}
auth:
  preset: login_token
  login_path: /login               # 以 JSON 发送 {"username": …, "password": …}
  token_path: $.data.token         # 令牌在响应里的位置
  ttl_path: $.data.expires_in      # 有效期（秒）在响应里的位置
  name: Authorization              # 携带令牌的请求头
  prefix: "Bearer "
apis:
  get_customer_detail:
    method: GET
    path: /api/customers/{id}
    parameters:
      - {name: id, in: path, required: true}
      - {name: fields, in: query}
# yaml-language-server: $schema=../schemas/platform.schema.json
== scenarios/scripts/customer.js
// 表单字段 customerId 改变时执行。
const result = await $proxy('erp').getCustomerDetail(form.customerId);
if (result.code !== 200) {
  throw new Error(result.message);
}
form.customerName = result.data.name;
form.phone = result.data.phone;
== scenarios/customer.scenario.yaml
version: 1
scenario: 选择客户后回填
description: 录制文件录自模拟器，请对着自己的系统重新录制。
form:
  scripts: {change.customerId: scripts/customer.js}
  fields: {customerId: null, customerName: "", phone: ""}
proxy: {cassette: erp/customer}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - name: 选择客户 12345
    set: {customerId: "12345"}
    expect:
      form: {customerName: 张三, phone: "13800138000"}
      proxy:
        - {call: erp.get_customer_detail, path: {id: "12345"}, status: 200}
# yaml-language-server: $schema=schemas/scenario.schema.json
== scenarios/instances.yaml
# 每个租户一项。值来自环境变量，且只在录制时读取。
# 只属于你个人的内容写进 instances.local.yaml，Git 不会提交它。
- platform: erp
  instance_key: default
  default: true
  base_url: {env: ERP_URL}
  credentials:
    username: {env: ERP_USERNAME}
    password: {env: ERP_PASSWORD}
== .gitattributes
cassettes/** -text -merge diff=bpmax
== .prettierignore
cassettes/
== .gitignore
.bpmax/
instances.local.yaml
*.journal
*.yaml.new
*.yaml.damaged
report.xml
__pycache__/
.pytest_cache/
.venv/
"""
OF_AUTH = """\
== none
auth: none
== basic
credentials:
  username: {}
  password: {secret: true}
auth: basic
== bearer
credentials:
  token: {secret: true}
auth: bearer
== api_key
credentials:
  key: {secret: true}
auth: {preset: api_key, in: header, name: X-API-Key}
== login_token
credentials:
  username: {}
  password: {secret: true}
auth:
  preset: login_token
  login_path: /login               # gets {"username": …, "password": …} as JSON
  token_path: $.data.token         # where its response has the token
  ttl_path: $.data.expires_in      # and for how many seconds that is valid
  name: Authorization              # the header that carries the token
  prefix: "Bearer "
== oauth2_client_credentials
credentials:
  client_id: {}
  client_secret: {secret: true}
auth:
  preset: oauth2_client_credentials
  token_url: "{{ base_url }}/oauth/token"
  client_auth: body
"""
CI_FILES = {
    "github": ".github/workflows/bpmax-sim.yml",
    "gitlab": ".gitlab-ci.yml",
    "jenkins": "Jenkinsfile",
}


SAMPLE = [
    r'\"code\":200', r'\"message\":\"ok\"', r'\"data\":{', r'\"name\":\"张三\"',
    r'\"phone\":\"13800138000\"}}"',
]  # fmt: skip


def read_plan(folder: Path, chosen: NewProject) -> dict[str, str]:
    texts = plan_files(folder, chosen).texts
    return {path.relative_to(folder).as_posix(): text for path, text in texts.items()}


def test_the_files_of_a_new_project_speak_the_language_of_who_asked(tmp_path: Path) -> None:
    before = get_current_language()
    choose_language("zh")
    try:
        chosen = NewProject(platform="erp", address=ADDRESS, auth="login_token")
        texts = read_plan(tmp_path, chosen)
    finally:
        choose_language(before)

    assert "".join(f"== {name}\n{text}" for name, text in texts.items()) == CHINESE


def test_a_platform_declares_the_credentials_of_its_auth(tmp_path: Path) -> None:
    told = ""
    for auth in AUTHS:
        chosen = NewProject(platform="erp", address=ADDRESS, auth=auth)
        text = read_plan(tmp_path, chosen)["scenarios/platforms/erp.yaml"]
        told += f"== {auth}\n{text.partition(ADDRESS)[2].partition('apis:')[0].lstrip()}"

    assert told == OF_AUTH


def test_each_ci_system_has_its_file_beside_those_of_git(tmp_path: Path) -> None:
    of_git = {".gitattributes", ".prettierignore", ".gitignore"}
    (tmp_path / ".gitignore").write_text("x/.bpmax/\n  *.journal", "utf-8")

    assert {ci: {*read_plan(tmp_path, NewProject(cis=(ci,)))} - of_git for ci in CIS} == {
        ci: {file} for ci, file in CI_FILES.items()
    }
    texts = read_plan(tmp_path, NewProject(cis=(*CIS,)))
    assert {*texts} == {*CI_FILES.values(), *of_git}
    assert texts[".gitignore"].startswith(
        "x/.bpmax/\n  *.journal\n.bpmax/\ninstances.local.yaml\n*.y"
    )


def test_a_project_that_is_made_again_is_recorded_again(tmp_path: Path) -> None:
    def record(address: str) -> list[str]:
        chosen = NewProject(platform="erp", address=address, auth="oauth2_client_credentials")
        written = write_and_record_project(plan_files(tmp_path, chosen), tmp_path, chosen)
        names = [path.relative_to(tmp_path).as_posix() for path in written]
        assert names[-2:] == ["cassettes/erp/customer.yaml", "cassettes/auth/erp.default.yaml"]
        lines = (tmp_path / names[-2]).read_text("utf-8").splitlines()
        assert not any('"seed"' in line for line in lines)
        return [line.strip().rstrip(",\\") for line in lines if "uri:" in line or '\\"' in line]

    for path in ("/v1", "/v2"):
        assert record(ADDRESS + path) == [f"uri: {ADDRESS}{path}/api/customers/12345", *SAMPLE]
