"""For each rule of semgrep, lines that it has to report, marked, and lines that are right."""

from typing import Final

from tests.architecture.source import Source, planted

# Written in two parts, so that no scan for keys ever stops at this file.
_PEM: Final = "-----BEGIN PRIVATE" + " KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQ"
_APPID: Final = "wx" + "1234abcd5678ef90"

BREACHES: Final[dict[str, tuple[Source, ...]]] = {
    "secrets-are-compared-in-constant-time": (
        planted(
            "infrastructure/x.py",
            """
            import hmac


            def check(given, stored, body, request, TABLE):
                if given.signature != stored:  # planted
                    return False
                if stored == hmac.new(b"", body).hexdigest():  # planted
                    return True
                same = request.session.token == given.token  # planted
                fine = hmac.compare_digest(given.digest, stored.digest)
                column = TABLE.c.token_digest == stored
                absent = given.token is None or given.token == "" or given.token == None
                return same, fine, column, absent, given.tokens == 3, given.machine == "x"
            """,
        ),
    ),
    "secrets-are-not-logged": (
        planted(
            "infrastructure/x.py",
            """
            def start(settings, session, _logger):
                key = settings.apiv3.get_secret_value()
                _logger.info("the key is %s", key)  # planted
                _logger.warning(f"logged in: {session.token}")  # planted
                print(session.password)  # planted
                _logger.info("a key of %d bytes", 32)
            """,
        ),
    ),
    "personal-data-is-not-logged": (
        planted(
            "application/x.py",
            """
            import logging


            def tell(vault, order, clear):
                name = vault.open(order.contact["name"])
                logging.info("order of %s", name)  # planted
                logging.getLogger("jiawu").error(f"nobody at {order.address}")  # planted
                logger = logging.getLogger("jiawu")
                logger.info("called", extra={"phone": clear["phone"]})  # planted
                logger.exception("order %s", order.order_id)
                logger.info("contact of %s was read", order.order_id)
            """,
        ),
    ),
    "tls-is-verified": (
        planted(
            "infrastructure/x.py",
            """
            import ssl

            import requests
            import urllib3

            session = requests.Session()
            session.verify = False  # planted
            session.get("https://127.0.0.1", verify=False, timeout=1)  # planted
            urllib3.disable_warnings()  # planted
            context = ssl.create_default_context()
            context.check_hostname = False  # planted
            context.verify_mode = ssl.CERT_NONE  # planted
            session.get("https://127.0.0.1", verify=True, timeout=1)
            """,
        ),
    ),
    "a-nonce-is-used-once": (
        planted(
            "infrastructure/x.py",
            """
            import hashlib
            import secrets

            _NONCE = b"0123456789ab"


            def seal(cipher, text, context):
                first = cipher.encrypt(_NONCE, text, context)  # planted
                second = cipher.encrypt(b"0" * 12, text, context)  # planted
                third = cipher.encrypt(hashlib.sha256(text).digest()[:12], text, context)  # planted
                nonce = secrets.token_bytes(12)
                return first, second, third, nonce + cipher.encrypt(nonce, text, context)
            """,
        ),
    ),
    "no-key-stands-in-the-source": (
        planted(
            "interface/x.py",
            f"""
            KEY = "{_PEM}"  # planted
            APPID = "{_APPID}"  # planted
            nowhere = "wx9999999999999999"
            words = "-----BEGIN PRIVATE KEY----- stands above a key"
            """,
        ),
        planted("docs/x.md", f"Set the app's id to {_APPID}, planted.\nOr to wx followed by it.\n"),
    ),
    "fen-are-never-divided-into-floats": (
        planted(
            "interface/x.py",
            """
            def shown(order, row):
                yuan = order.total_fen / 100  # planted
                half = round(row["paid_fen"] * 0.5)  # planted
                told = float(order.total_fen)  # planted
                right = divmod(order.total_fen, 100), order.total_fen // 100, order.total_fen * 2
                return yuan, half, told, right, order.seconds / 60, round(order.seconds)
            """,
        ),
    ),
    "digits-are-ascii": (
        planted(
            "interface/api/x.py",
            r"""
            import re

            from pydantic import StringConstraints

            loose = re.compile(r"\d{11}")  # planted
            field = StringConstraints(pattern=r"^\d+$")  # planted
            found = re.sub(r"\D", "", "138")
            strict = re.compile(r"[0-9]{11}")
            plain = re.sub(r"\d", "", "138", flags=re.ASCII)
            both = re.compile(r"\w+", re.IGNORECASE | re.ASCII)
            """,
        ),
    ),
    "instants-keep-their-zone": (
        planted(
            "application/x.py",
            """
            def local(at, day):
                return at.replace(tzinfo=None), day  # planted


            def hour(at):
                return at.time().replace(tzinfo=None), at.replace(hour=1)
            """,
        ),
    ),
    "html-stays-escaped": (
        planted(
            "interface/templates/x.html",
            """
            <p>{{ remark | safe }}</p> <!-- planted -->
            {% autoescape false %}{{ remark }}{% endautoescape %} <!-- planted -->
            <script>box.innerHTML = remark;</script> <!-- planted -->
            <p>{{ remark }}, as safe as it gets</p>
            """,
        ),
    ),
    "markup-is-made-by-templates": (
        planted(
            "interface/x.py",
            """
            from fastapi.responses import HTMLResponse
            from markupsafe import Markup


            def page(name, templates):
                bold = Markup("<b>" + name + "</b>")  # planted
                raw = HTMLResponse(f"<b>{name}</b>", 200)  # planted
                return bold, raw, HTMLResponse(templates.render(name=name))
            """,
        ),
    ),
    "cookies-are-guarded": (
        planted(
            "interface/api/x.py",
            """
            def keep(response, token, house):
                response.set_cookie("sid", token)  # planted
                response.set_cookie("sid", token, httponly=False, secure=True)  # planted
                response.set_cookie(
                    "sid", token, max_age=60, httponly=True, samesite="lax", secure=house.secure
                )
            """,
        ),
    ),
    "redirects-stay-in-the-house": (
        planted(
            "interface/api/x.py",
            """
            from fastapi import APIRouter
            from fastapi.responses import RedirectResponse

            router = APIRouter()


            @router.get("/away")
            def away(house, return_path: str = "/") -> RedirectResponse:
                return RedirectResponse(return_path)  # planted


            @router.get("/back")
            def back(house, request: object, return_path: str = "/") -> RedirectResponse:
                if request.headers:
                    return RedirectResponse(request.headers["Referer"])  # planted
                return RedirectResponse(house.customer_login.begin(return_path))
            """,
        ),
    ),
    "bodies-refuse-unknown-fields": (
        planted(
            "interface/api/x.py",
            """
            from pydantic import BaseModel

            from interface.api.fields import Body


            class LooseBody(BaseModel):  # planted
                note: str


            class StrictBody(Body):
                note: str


            class NoteView(BaseModel):
                note: str
            """,
        ),
    ),
    "nothing-skips-validation": (
        planted(
            "interface/x.py",
            """
            def read(Settings, values):
                return Settings.model_construct(**values)  # planted


            def check(Settings, values):
                return Settings.model_validate(values)
            """,
        ),
    ),
    "errors-tell-no-internals": (
        planted(
            "interface/api/x.py",
            """
            from fastapi import HTTPException


            def show(house, problem):
                try:
                    return house.show()
                except ValueError as error:
                    raise HTTPException(500, detail=str(error)) from error  # planted
                except KeyError as error:
                    return problem(500, "failed", repr(error))  # planted
                except OSError as error:
                    return problem(503, "unavailable", "请稍后再试。")
            """,
        ),
    ),
    "production-shows-no-debugger": (
        planted(
            "interface/x.py",
            """
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware

            app = FastAPI(title="家务", debug=True)  # planted
            app.add_middleware(CORSMiddleware, allow_origins=["*"])  # planted
            fine = FastAPI(title="家务")
            """,
        ),
    ),
    "archives-are-filtered": (
        planted(
            "infrastructure/x.py",
            """
            def unpack(archive, place):
                archive.extractall(place)  # planted
                archive.extractall(place, filter="data")
            """,
        ),
    ),
    "state-ends-with-its-transaction": (
        planted(
            "infrastructure/x.py",
            """
            one = "set session characteristics as transaction read only"  # planted
            two = "select pg_advisory_lock(1)"  # planted
            three = "set search_path = orders"  # planted
            four = "create temporary table passing (id int)"  # planted
            fine = "set local synchronous_commit = off", "select pg_advisory_xact_lock(1)"
            """,
        ),
    ),
    "what-the-vault-opened-is-not-kept": (
        planted(
            "infrastructure/x.py",
            """
            from functools import cache, lru_cache


            @cache  # planted
            def names(vault, sealed):
                return vault.open_many(sealed)


            @lru_cache(maxsize=100)  # planted
            def picture(vault, sealed):
                found = vault.open_bytes(sealed)
                return found


            @cache
            def shapes(table):
                return table.open_columns()


            def fresh(vault, sealed):
                return vault.open_many(sealed)
            """,
        ),
    ),
}
