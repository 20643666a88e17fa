"""Attacks that worked on systems of this kind, the guard of ours against each, and its test.

`tests/acceptance/03_03_every_attack.py` takes each guard away and sees its test fail.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """`before` stands once in `file`; with `after` in its place the attack succeeds."""

    what: str
    file: str
    before: str
    after: str
    test: str


S, C, W = "tests/security/", "tests/central/", "tests/web/"

ATTACKS = [
    Attack(
        "a route without a permission",
        "web/pages/docs.py",
        '@router.get("/docs", dependencies=[OPEN])',
        '@router.get("/docs")',
        S + "test_permissions.py::test_it_has_a_permission_or_a_reason_on_every_route",
    ),
    Attack(
        "a viewer with an operator's rights",
        "central/accounts/guard.py",
        "if not found.may(self.permission):",
        "if False:",
        S + "test_permissions.py::test_it_lets_in_by_exactly_the_table",
    ),
    Attack(
        "another camera's event by its number",
        "central/accounts/caller.py",
        """        if not self.may_see(camera_id):
            raise NotFound(otherwise)""",
        "        return",
        S + "test_cameras_apart.py::test_it_shows_a_limited_viewer_no_other_camera",
    ),
    Attack(
        "another camera's events in a list",
        "central/wire/routes.py",
        "cameras = reader.cameras if camera_id is None else reader.only(camera_id)",
        "cameras = None if camera_id is None else frozenset({camera_id})",
        S + "test_cameras_apart.py::test_it_shows_a_limited_viewer_no_other_camera",
    ),
    Attack(
        "another camera's events in the gallery",
        "web/pages/gallery.py",
        "cameras=person.only(camera) if camera else person.cameras,",
        "cameras=frozenset({camera}) if camera else None,",
        S + "test_cameras_apart.py::test_it_shows_a_limited_viewer_no_other_camera",
    ),
    Attack(
        "another camera's events in a stream",
        "central/changes/routes.py",
        "if may_hear(caller, told):",
        "if True:",
        S + "test_streams.py::test_it_tells_a_viewer_of_one_camera_nothing_of_another",
    ),
    Attack(
        "a stream that outlives its login",
        "central/changes/routes.py",
        """                if found is None:
                    return""",
        """                if found is None:
                    found = caller""",
        S + "test_streams.py::test_it_ends_a_stream_with_its_login",
    ),
    Attack(
        "agent A posting for B",
        "central/accounts/caller.py",
        """        if not self.may_see(camera_id):
            own =""",
        """        if False:
            own =""",
        S + "test_cameras_apart.py::test_it_lets_an_agent_do_nothing_for_another_camera",
    ),
    Attack(
        "a replayed UUID with other content",
        "central/events/register.py",
        "if found is None or found.content_sha256 != digest:",
        "if found is None:",
        C + "events/test_register.py::test_it_refuses_a_known_uid_with_other_content",
    ),
    Attack(
        "a link in place of a file on the share",
        "nfs/beneath.py",
        "parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK",
        "parts[-1], os.O_RDONLY | os.O_NONBLOCK",
        C + "test_api.py::test_it_never_follows_a_link_or_opens_anything_but_a_plain_file",
    ),
    Attack(
        "a link in place of a folder of the share",
        "nfs/beneath.py",
        "os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder",
        "os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder",
        C + "test_api.py::test_it_never_follows_a_link_or_opens_anything_but_a_plain_file",
    ),
    Attack(
        "a second name of a file elsewhere, or a pipe",
        "nfs/beneath.py",
        "if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:",
        "if False:",
        C + "test_api.py::test_it_never_follows_a_link_or_opens_anything_but_a_plain_file",
    ),
    Attack(
        "a link to another camera's clip, to be made one's own video",
        "central/media/mux.py",
        "        with open_beneath(Path(root), relative) as file:",
        '        with (Path(root) / relative).open("rb") as file:',
        C + "media/test_convert.py::test_it_makes_no_video_of_another_cameras_clip",
    ),
    Attack(
        "a path out of the event's own folder",
        "central/events/register.py",
        "if PurePosixPath(entry.path) != due or entry.path != str(due):",
        "if False:",
        C + "events/test_register.py::test_it_refuses_a_file_anywhere_but_in_its_own_place",
    ),
    Attack(
        "a forged Host (DNS rebinding)",
        "central/http/browser_safety.py",
        'if not is_ours(headers.get("host", ""), scope.get("server"), hub.settings.allowed_hosts):',
        "if False:",
        S + "test_hosts.py::test_it_refuses_a_forged_host",
    ),
    Attack(
        "an X-Forwarded-For that anybody wrote",
        "central/accounts/address.py",
        """    if not _within(address, trusted):
        return None if told else address""",
        "",
        C + "accounts/test_address.py::test_it_knows_nobody_when_a_stranger_speaks_for_others",
    ),
    Attack(
        "a form or call sent by another site's page",
        "central/http/browser_safety.py",
        "elif is_foreign(scope, headers):",
        "elif False:",
        S + "test_sessions.py::test_it_takes_no_form_from_another_site",
    ),
    Attack(
        "a WebSocket opened by another site's page",
        "central/http/browser_safety.py",
        "elif is_foreign(scope, headers):",
        'elif scope["type"] == "http" and is_foreign(scope, headers):',
        S + "test_websockets.py::test_it_opens_for_no_page_of_another_site",
    ),
    Attack(
        "a form without the session's token",
        "central/accounts/guard.py",
        "if not same(found.form_token, token):",
        "if False:",
        S + "test_sessions.py::test_it_needs_the_form_token_of_this_very_session",
    ),
    Attack(
        "twenty wrong passwords",
        "central/accounts/login.py",
        'limits.count(LOGIN_ACCOUNT, name.lower()[:100], "tries to log in")',
        "pass",
        S + "test_login.py::test_it_stops_after_ten_wrong_passwords_of_twenty",
    ),
    Attack(
        "many names from one address",
        "central/accounts/login.py",
        "            limits.count(LOGIN_ADDRESS, where.address,",
        '            limits.count(LOGIN_ADDRESS, "",',
        S + "test_login.py::test_it_stops_an_address_that_tries_many_names",
    ),
    Attack(
        "an unknown user told by timing",
        "central/accounts/passwords.py",
        "return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None",
        "return password_hash is not None and _HASHER.verify(password_hash, password)",
        S + "test_login.py::test_it_hashes_as_often_for_a_name_nobody_has",
    ),
    Attack(
        "a session kept after a change of password",
        "central/accounts/users.py",
        "sessions.end_all(session, user_id, hub.clock(), but=kept_session)",
        "pass",
        S + "test_sessions.py::test_it_ends_every_other_login_when_the_password_changes",
    ),
    Attack(
        "the last admin deleted",
        "central/accounts/users.py",
        "if list(session.scalars(wanted.with_for_update())) == [user_id]:",
        "if False:",
        S + "test_login.py::test_it_keeps_the_last_admin_who_can_log_in",
    ),
    Attack(
        "a code of the second step used twice",
        "central/accounts/totp.py",
        "and (last_step is None or step > last_step)",
        "",
        C + "accounts/test_totp.py::test_it_takes_no_step_again_nor_an_earlier_one",
    ),
    Attack(
        "a refresh token used twice",
        "central/accounts/refresh.py",
        "            sessions.end_family(session, row.family, now)\n            record(",
        "            record(",
        S + "test_tokens.py::test_it_ends_the_whole_login_when_a_refresh_token_is_used_twice",
    ),
    Attack(
        "an enrolment code used twice",
        "central/accounts/enrolment.py",
        "                Enrolment.used_at.is_(None),\n                Enrolment.expires_at > now,",
        "                Enrolment.expires_at > now,",
        S + "test_tokens.py::test_it_enrols_an_agent_once",
    ),
    Attack(
        "a token that can do more than its owner",
        "central/accounts/credentials.py",
        "return replace(found, permissions=found.permissions & scopes)",
        "return replace(found, permissions=scopes)",
        S + "test_tokens.py::test_it_takes_rights_from_a_token_when_its_owner_loses_them",
    ),
    Attack(
        "script in names and reasons",
        "web/render.py",
        "autoescape=True,",
        "autoescape=False,",
        W + "test_pages_gallery.py::test_it_keeps_hostile_names_and_reasons_inert",
    ),
    Attack(
        "JSON nested without end",
        "central/http/strict_json.py",
        "        if depth > DEEPEST:",
        "        if False:",
        C + "http/test_strict_json.py::test_it_refuses_what_could_mean_two_things",
    ),
    Attack(
        "a body without end",
        "central/http/bodies.py",
        "LARGEST_BYTES = MIB",
        "LARGEST_BYTES = 1024 * MIB",
        C + "http/test_bodies.py::test_it_refuses_a_length_that_is_too_much_before_the_body_comes",
    ),
    Attack(
        "a batch of a million log lines",
        "central/logs/body.py",
        "    if len(said) > MOST_ENTRIES:",
        "    if False:",
        C + "logs/test_routes.py::test_it_says_what_to_do_when_nothing_can_be_stored",
    ),
    Attack(
        "a cell that a spreadsheet runs",
        "central/audit/export.py",
        "_line([harmless(cell) for cell in _cells(entry)])",
        "_line(_cells(entry))",
        C + "audit/test_log.py::test_it_exports_no_cell_that_a_spreadsheet_runs",
    ),
    Attack(
        "a key that others may read",
        "central/secrets.py",
        "if stat.S_IMODE(path.stat().st_mode) & 0o077:",
        "if False:",
        C + "test_secrets.py::test_it_refuses_a_key_that_others_may_read",
    ),
    Attack(
        "a refused login's password kept in the audit log",
        "central/accounts/login.py",
        '"disabled" if right else "password")',
        '"disabled" if right else password)',
        S + "test_login.py::test_it_does_not_keep_what_was_typed_into_a_refused_login",
    ),
]
