"""users.* and usergroups.*: people and the guilds that they form."""

from sandbox.workspace.errors import ApiError
from sandbox.workspace.methods.calls import Call, Method, paged
from sandbox.workspace.rates import Tier
from sandbox.workspace.shown import group_json, user_json
from sandbox.workspace.state import JsonObject


def user_info(call: Call) -> JsonObject:
    return {"user": user_json(call.person())}


def users_list(call: Call) -> JsonObject:
    page, more = paged([user_json(person) for person in call.memory.people.values()], call)
    return {"members": page, "response_metadata": more}


def groups_list(call: Call) -> JsonObject:
    need_paid_plan(call)
    users = call.args.flag("include_users")
    return {"usergroups": [group_json(group, users=users) for group in call.memory.groups.values()]}


def need_paid_plan(call: Call) -> None:
    if call.local.oddities.free_plan:
        raise ApiError("plan_upgrade_required")


def group_users(call: Call) -> JsonObject:
    need_paid_plan(call)
    group = call.memory.groups.get(call.args.text("usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group.members)}


METHODS = {
    "users.info": Method(user_info, "users:read", Tier.T4, takes_json=False),
    "users.list": Method(users_list, "users:read", Tier.T2, takes_json=False),
    "usergroups.list": Method(groups_list, "usergroups:read", Tier.T2, takes_json=False),
    "usergroups.users.list": Method(group_users, "usergroups:read", Tier.T2, takes_json=False),
}
