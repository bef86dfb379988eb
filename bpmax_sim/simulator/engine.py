"""One request answered: a function of world, state and instant, with the state that it leaves."""

from __future__ import annotations

from bpmax_sim.messages import Request, Response
from bpmax_sim.simulator.api import api_at, call
from bpmax_sim.simulator.asked import read
from bpmax_sim.simulator.checks import keep_answer, limit, perform
from bpmax_sim.simulator.fill import fill, respond
from bpmax_sim.simulator.login import log_in, login_at
from bpmax_sim.simulator.model import Limit, Reply, Route, is_login
from bpmax_sim.simulator.routes import matched
from bpmax_sim.simulator.state import State
from bpmax_sim.simulator.turn import Refused, Repeated, Turn, World


def answer(world: World, state: State, request: Request, now: float) -> tuple[State, Response]:
    """Return the state after *request*, which came at *now*, and the answer to it."""
    turn = _turn(world, state, request, now)
    try:
        response = _answered(turn)
    except Refused as refusal:
        response = _refusal(turn, refusal)
    except Repeated as repetition:
        response = repetition.answer
    else:
        keep_answer(turn, response)
    return turn.state, response


def logs_in(world: World, state: State, request: Request, now: float) -> bool:
    """Return whether *request* is a login."""
    turn = _turn(world, state, request, now)
    route = _route(turn)
    return is_login(route) if route else login_at(turn) is not None


def _turn(world: World, state: State, request: Request, now: float) -> Turn:
    asked = read(request, world.base)
    return Turn(
        world=world, asked=asked, now=now, route=f"{asked.method} {asked.path}", state=state
    )


def _answered(turn: Turn) -> Response:
    route = _route(turn)
    if route is not None:
        return _routed(turn, route)
    login = login_at(turn)
    if login is not None:
        return log_in(turn, *login)
    api = api_at(turn)
    if api is None:
        return _unknown(turn)
    turn.route = f"{api.method} {api.path}"
    _knob_limit(turn)
    return call(turn, api)


def _unknown(turn: Turn) -> Response:
    rule = turn.world.table.unknown
    if rule == Reply():
        raise Refused("404")
    return respond(turn, Reply(), rule)


def _route(turn: Turn) -> Route | None:
    for route in turn.world.table.routes:
        method, _, path = route.on.partition(" ")
        values = matched(method, path, turn.asked)
        if values is not None:
            turn.scope |= {**values, "path": values}
            turn.route = route.on
            return route
    return None


def _routed(turn: Turn, route: Route) -> Response:
    table = turn.world.table
    if not is_login(route):
        _knob_limit(turn)
    for check in () if route.open or is_login(route) else table.checks:
        perform(check, turn)
    for check in route.checks:
        perform(check, turn)
    return respond(turn, table.ok, route.answer)


def _knob_limit(turn: Turn) -> None:
    knob = turn.state.knobs.limit
    if knob is not None:
        limit(turn, Limit(count=knob[0], per=knob[1], error=turn.world.table.busy or "rate"))


def _refusal(turn: Turn, refusal: Refused) -> Response:
    table = turn.world.table
    rule = table.errors.get(refusal.code, Reply(message=refusal.code))
    code = rule.code or refusal.code
    number = code.removeprefix("-")
    turn.scope["code"] = int(code) if number.isascii() and number.isdigit() else code
    turn.scope["hint"] = turn.made(length=20)
    turn.scope["message"] = refusal.message or fill(rule.message, turn)
    return respond(turn, table.error, rule)
