FROM python:3.11-slim-bookworm

# The embedded server of a demo runs as this user too; it refuses root.
RUN useradd --create-home --home-dir /var/lib/jiawu --shell /usr/sbin/nologin jiawu
WORKDIR /srv/jiawu

COPY requirements requirements
COPY setup setup
RUN python setup/environment.py run

COPY domain domain
COPY application application
COPY infrastructure infrastructure
COPY interface interface

USER jiawu
ENV JIAWU_STATE_DIRECTORY=/var/lib/jiawu PYTHONUNBUFFERED=1
ENTRYPOINT ["/srv/jiawu/.venv/bin/jiawu"]
CMD ["web"]
