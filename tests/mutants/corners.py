"""A seeded bug behind each corner of `tests.property.reach`: replacements, so they fit for long."""

from __future__ import annotations

from tests.mutants.edits import Edit

PLAN = "bpmax_sim/proxy/call_plan.py"
ENCODE = "bpmax_sim/proxy/encode.py"
COMPILED = "bpmax_sim/proxy/compiled_api.py"
BUILDER = "bpmax_sim/proxy/builder.py"
VALUES = "bpmax_sim/js_values.py"
LOAD = "bpmax_sim/platform/load.py"
PRESETS = "bpmax_sim/platform/presets/{}.yaml"

STEPS = "for setter, value in spec.steps:"
QUERIES = "_update_with_defined_values(merged.query, values)"
LEVELS = "{**merged, **platform.query, **instance.query, **api.query}"
HEADERS = "for level in (platform.headers, instance.headers, api.headers):"
HEADER = "merged.headers[lower] = (name, encode.encode_header_value(name, value))"
MEMBERS = "members = {name: item for name, item in value.items() if item is not UNDEFINED}"
REPLACED = "{**merged.body, **members} if isinstance(merged.body, Mapping) else members"
QUOTED = "return _percent_quote(text) if len(text) <= _SHORT else quote(js.join_surrogates(text), safe='')"
HELD = "merged.body = value"

_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("setters in another order", PLAN, STEPS, "for setter, value in ["
        "one for n, one in enumerate(spec.steps) if not n or 'pqhb'.index(one[0][0])"
        " >= 'pqhb'.index(spec.steps[n - 1][0][0])]:"),
    ("the same setter again", PLAN, STEPS, "for setter, value in dict(spec.steps).items():"),
    ("an unknown instance", PLAN, "return env.platforms.instance(key, named)",
        "return env.platforms.instance(key, named if named != 'prd' else None)"),
    ("a second instance", PLAN, "return env.platforms.instance(key, named)",
        "return env.platforms.instance(key, None)"),
    ("a caller", "bpmax_sim/proxy/client.py",
        "caller=None if caller is UNDEFINED else redact(caller)", "caller=None"),
    ("the twin of a name", LOAD, 'platform.spellings.get(snake(name), "")',
     'platform.spellings.get(name, "")'),
    ("an alias", LOAD, 'platform.apis.get(platform.spellings.get(snake(name), ""))',
     "next((api for key, api in platform.apis.items() if snake(key) == snake(name)), None)"),
    ("strict, with extra arguments", COMPILED, "strict=_choose_first_set(instance.strict, platform.strict)", "strict=False"),
    ("one path name twice", PLAN, "_update_with_defined_values(merged.path, values)",
        "_update_with_defined_values(merged.path, values if values is UNDEFINED else"
        " {k: v for k, v in values.items() if k not in merged.path})"),
    ("one query name twice", PLAN, QUERIES, "_update_with_defined_values(merged.query, values if values is UNDEFINED"
        " else {k: v for k, v in values.items() if k != 'q' or k not in merged.query})"),
    ("one header twice", PLAN, HEADER,
        "merged.headers.setdefault(lower, (name, encode.encode_header_value(name, value)))"),
    ("one header twice in two cases", PLAN, "lower = encode.check_settable_header(name).lower()",
        "lower = encode.check_settable_header(name)"),
    ("an object over an object", PLAN, "{**merged.body, **members}", "{**members, **merged.body}"),
    ("an object after another body", PLAN, REPLACED,
        "{**merged.body, **members} if isinstance(merged.body, Mapping) else merged.body or members"),
    ("another body after an object", PLAN, HELD,
        "if not isinstance(merged.body, Mapping):\n    merged.body = value"),
    ("a query of the instance over the platform's", COMPILED, LEVELS,
        "{**merged, **instance.query, **platform.query, **api.query}"),
    ("a query of the API over the instance's", COMPILED, LEVELS,
        "{**merged, **platform.query, **api.query, **instance.query}"),
    ("a header of the instance over the platform's", COMPILED, HEADERS,
        "for level in (instance.headers, platform.headers, api.headers):"),
    ("a header of the API over the instance's", COMPILED, HEADERS,
        "for level in (platform.headers, api.headers, instance.headers):"),
    ("a query over a default", PLAN, QUERIES, "_update_with_defined_values(merged.query, values if values is UNDEFINED"
        " else {k: v for k, v in values.items() if v is None or k not in merged.query})"),
    ("a header over a default in another case", PLAN, HEADER, "merged.headers[lower] = ("
        "merged.headers.get(lower, (name, ''))[0], encode.header_value(name, value))"),
    ("null on a default of the query", ENCODE, "if value is None or isinstance(value, js.UndefinedType):\n    return ()",
        "if value is None:\n    return ('null',)\nif isinstance(value, js.UndefinedType):\n    return ()"),
    ("null on a default header", PLAN, "merged.headers.pop(lower, None)", "pass"),
    ("undefined on a default", PLAN,
        "known.update({name: value for name, value in values.items() if value is not UNDEFINED})",
        "known.update(values)"),
    ("undefined for a setter", BUILDER,
        "if value is not js.UNDEFINED:\n            steps = (*steps, (setter, copy_script_value(value)))",
        "steps = (*steps, (setter, copy_script_value({} if value is js.UNDEFINED else value)))"),
    ("null in a body", PLAN, MEMBERS, "members = {name: item for name, item in value.items()"
        " if item is not UNDEFINED and item is not None}"),
    ("null in a path", ENCODE, "text = to_scalar_text(value)\nif text is None:\n    raise BadValueError('path.{name} is {kind_of}',"
        " name=name, kind_of=js.describe_kind(value))", "text = to_scalar_text(value) or 'null'"),
    ("a header that auth owns", PLAN, "if not taken.header.isdisjoint(merged.headers):",
        "if False:"),
    ("a query that auth owns", PLAN, "if taken.query:", "if False:"),
    ("a cookie that auth owns", PLAN, 'if taken.cookie and "cookie" in merged.headers:',
        "if False:"),
    ("a body that auth owns", PLAN, "if name.lower() != steps[0].lower():",
        "if name != steps[0]:"),
    ("an Authorization of its own", COMPILED, 'header=named("header")',
        'header=named("header") | {"authorization"}'),
    ("a segment that has to be encoded", ENCODE, QUOTED,
        "return quote(js.join_surrogates(text), safe='/')"),
    ("a segment of dots", ENCODE, 'DOTS: Final = frozenset({".", ".."})',
        'DOTS: Final = frozenset({"."})'),
    ("a placeholder that stays unfilled", PLAN,
        "raise encode.MissingParameterError('parameter {name!r} is missing ({place})',"
        " name=parameter.name, place=place)",
        "raise encode.UnknownParameterError('parameter {name!r} is missing ({place})',"
        " name=parameter.name, place=place)"),
    ("an unknown path name", PLAN, "if target not in known:", "if False:"),
    ("two placeholders in a segment", PLAN, "filled[index] = encode.encode_segment(name, merged.path[name])",
        "filled[index] = encode.segment(name, merged.path[pieces[1] if pieces[index - 1] in '-.' else"
        " name])"),
    ("a query of the path beside another", COMPILED, LEVELS,
        "{**(merged if not platform.query and not instance.query else {}), **platform.query,"
        " **instance.query, **api.query}"),
    ("a number in the query", ENCODE, "    float: js.format_js_number,", "    float: repr,"),
    ("a large or small number", VALUES, "int(exponent or 0)", "(int(exponent or 0) % 21)"),
    ("a boolean in the query", ENCODE, 'bool: lambda value: "true" if value else "false"',
        "bool: str"),
    ("an array in the query", ENCODE,
        "[text for item in value for text in to_query_texts(name, item)]",
        "[text for item in value[:1] for text in to_query_texts(name, item)]"),
    ("an object in the query", ENCODE,
        "raise BadValueError('query.{name} is {kind_of}', name=name, kind_of=js.describe_kind(value))",
        "return (str(value),)"),
    ("a space or a plus in the query", ENCODE, QUOTED,
        "return encode_form_component(js.join_surrogates(text).encode())"),
    ("a body on GET", PLAN,
        "if value is UNDEFINED:\n    return None\nencoding = _choose_encoding(merged, recipe)",
        "if value is UNDEFINED or recipe.method == 'GET':\n    return None\n"
        "encoding = _choose_encoding(merged, recipe)"),
    ("a text for a body", ENCODE, 'return Payload(_encode_utf8(value, "body"), TYPES["text" if is_plain else encoding])',
        "return _encode_json(value)"),
    ("an array for a body", BUILDER, "return [_copy_without_cycles(item, inner) for item in value]",
        "return [_copy_without_cycles(item, inner) for item in value][::-1]"),
    ("bytes for a body", ENCODE, '_BYTES if encoding == "json" else TYPES[encoding]',
        "TYPES[encoding]"),
    ("a date in a body", VALUES, "datetime: lambda value: f'\"{format_iso_date(value)}\"'",
        "datetime: lambda value: f'\"{value.isoformat()}\"'"),
    ("NaN in a body", VALUES, 'format_js_number(value) if isfinite(value) else "null"',
        "format_js_number(value)"),
    ("undefined in a body", PLAN, MEMBERS, "members = {name: None if item is UNDEFINED else item"
        " for name, item in value.items()}"),
    ("a BigInt in a body", VALUES, "    BigInt: _refuse_bigint,",
        "    BigInt: lambda value: str(value.value),"),
    ("half a character", VALUES, "f'\\\\u{ord(match[0]):04x}'", "f'?\\\\u{ord(match[0]):04x}'"),
    ("a header that cannot be sent", ENCODE, "if not _VISIBLE.fullmatch(text):",
        "if '\\n' in text:"),
    ("a form", "bpmax_sim/messages.py", "quote_plus(data, safe='*')", "quote_plus(data, safe='*&')"),
    ("a multipart form", ENCODE, 'line + b"\\r\\n" + part + b"\\r\\n"',
        'line + b"\\r\\n" + part.strip() + b"\\r\\n"'),
    ("XML", ENCODE, 'return escape(text).replace("\\r", "&#13;")', "return escape(text)"),
    ("text", ENCODE, 'return Payload(_encode_utf8(text, "body"), TYPES["text"])', "return _encode_json(value)"),
    ("a content type of its own", PLAN,
        'if (not is_typed and "content-type" not in recipe.reserved.header) or needs_boundary:',
        'if "content-type" not in recipe.reserved.header:'),
    ("an argument in the path", PLAN, "merged.path[parameter.wire_name] = value",
        "merged.path[parameter.wire_name] = value if isinstance(value, str) else 0"),
    ("an argument in the query", PLAN, "for parameter, value in zip(recipe.api.parameters, args, strict=False):",
        "for parameter, value in zip(sorted(recipe.api.parameters, key=lambda one: one.place), args):"),
    ("an argument in the header", PLAN, "_set_header(merged, parameter.wire_name, value)",
        "_set_header(merged, parameter.wire_name[:-1], value)"),
    ("an argument in the body", PLAN, "with_member(merged.body, parameter.steps, value)",
        "with_member(merged.body, parameter.steps[-1:], value)"),
    ("an object for one argument", PLAN, "extra = args[len(recipe.api.parameters) :]",
        "args = (*args[0].values(), *args[1:]) if args and isinstance(args[0], dict) else args\n"
        "extra = args[len(recipe.api.parameters) :]"),
    ("extra arguments", COMPILED, "strict=_choose_first_set(instance.strict, platform.strict)", "strict=True"),
    ("undefined for an argument", PLAN,
        "if value is not UNDEFINED:\n    _set_value(merged, parameter, value)",
        "if value is UNDEFINED:\n    break\n_set_value(merged, parameter, value)"),
    ("a required argument left out", PLAN, "if not _PRESENT[parameter.place](merged, parameter):",
        "if False:"),
    ("a template in a text", ENCODE, "pairs.append((name, value))",
        'pairs.append((name, value.replace("{{", "{").replace("${", "{")))'),
    ("auth of the API", COMPILED,
        "auth = platform.auth_of(api)",
        "auth = platform.auth"),
    ("two credentials put in", COMPILED,
        "tuple(replace(item, name=model.to_index_name(item, auth)) for item in auth.apply)",
        "tuple(replace(item, name=model.to_index_name(item, auth)) for item in auth.apply[:1])"),
    ("a login", "bpmax_sim/proxy/login.py",
        "yielded.values[name] = text", "yielded.values[name] = text[1:]"),
    ("a login in two steps", "bpmax_sim/proxy/login.py",
        "for number, step in enumerate(acquire.steps, 1):",
        "for number, step in enumerate(acquire.steps[:1], 1):"),
    ("a signature", "bpmax_sim/proxy/signing.py",
        '"body": decode_losslessly(self._body) if self._body else ""', '"body": ""'),
    ("an address of the instance", "bpmax_sim/platform/instances.py",
        "address = _sendable(own or declared)", "address = _sendable(declared)"),
    ("preset acs3", PRESETS.format("acs3"), "encode: hex", "encode: upper_hex"),
    ("preset api_key", PRESETS.format("api_key"), "{{ key }}", "{{ key | hex }}"),
    ("preset aws_sigv4", PRESETS.format("aws_sigv4"), " | collapse", ""),
    ("preset basic", PRESETS.format("basic"), "':'", "';'"),
    ("preset bearer", PRESETS.format("bearer"), '"Bearer ', '"bearer '),
    ("preset csrf_session", PRESETS.format("csrf_session"), "name: Cookie", "name: X-Cookie"),
    ("preset dingtalk_robot", PRESETS.format("dingtalk_robot"), "unix_ms", "unix"),
    ("preset feishu_bot", PRESETS.format("feishu_bot"), 'message: ""', 'message: "{{ body }}"'),
    ("preset hmac", PRESETS.format("hmac"), "encode: base64", "encode: hex"),
    ("preset huawei_sdk", PRESETS.format("huawei_sdk"), " | closed_path", ""),
    ("preset jwt_bearer", PRESETS.format("jwt_bearer"), "(now + 180)", "(now + 3600)"),
    ("preset login_token", PRESETS.format("login_token"), '"Bearer "', '"Token "'),
    ("preset none", PRESETS.format("none"), "auth: {}",
        "auth: {apply: [{in: header, name: X-None, value: x}]}"),
    ("preset oauth2_client_credentials", PRESETS.format("oauth2_client_credentials"),
        "prefix: Bearer", "prefix: bearer"),
    ("preset oauth2_refresh_token", PRESETS.format("oauth2_refresh_token"),
        "prefix: Bearer", "prefix: bearer"),
    ("preset standard_webhooks", PRESETS.format("standard_webhooks"), "v1,", "v1="),
    ("preset tc3", PRESETS.format("tc3"), " | lower }}", " }}"),
    ("preset wechatpay_v3", PRESETS.format("wechatpay_v3"), "{{ nonce }}\\n{{ body }}\\n",
        "{{ nonce }}\\n{{ body }}"),
)  # fmt: skip
EDITS: tuple[Edit, ...] = tuple(
    Edit(
        f"corner-{corner.replace(' ', '-').replace(chr(39), '').replace(',', '')}",
        path,
        old,
        new,
        corner,
    )
    for corner, path, old, new in _TABLE
)
"""One for each corner, but those that lie behind another one's code."""
