/** The configuration that `init` writes where there is none. It loads as it stands, and declares nothing yet. */
export const STARTER = `# reseal: release credentials and the pipeline around them. Nothing secret belongs into this file:
# a secret lives in a file of its own, and is named here by its path.
version: 1
timezone: UTC                    # IANA name; decides only when the day's mail goes out

github:
  api-url: https://api.github.com
  seal:                          # a fine-grained token: environments read and write, metadata read
    token-file: /run/secrets/github_seal_token

# registries:
#   crates-io: { contact: you@example.org }      # crates.io asks clients to say whom to reach

# mail:
#   url-file: /run/secrets/smtp_url              # smtps://user:password@mail.example.org
#   from: reseal <reseal@example.org>

form: { bind: 127.0.0.1, port: 8765 }            # in a container: bind 0.0.0.0, published on 127.0.0.1 only

owners: {}
#   me: { email: you@example.org }

reminders:
  hour: 9                        # local hour of the day's one mail
  command: reseal                # what you type in front of a command, e.g. docker compose exec reseal reseal
# heartbeat: { url-file: /run/secrets/heartbeat_url }      # a watcher that tells you when the daemon is gone

# webhooks:                      # besides the mail; slack: also Mattermost, and Discord's address with /slack behind it
#   release-room: { url-file: /run/secrets/room_url, format: slack }

credentials: {}
#   crates-io:
#     kind: crates-io-token      # "reseal kinds" lists them; "reseal kinds --recognise" says which one a value is
#     owner: me
#     purpose: publishes my crate from release.yml
#     lifetime: 365d
#     scopes: [publish-update]
#     destinations:
#       - { repo: you/your-crate, environment: release, secret: CRATES_IO_TOKEN }
`;
