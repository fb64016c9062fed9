// https://www.postfix.org/postconf.5.html and https://doc.dovecot.org/2.3/: what a mail server needs that takes mail over loopback,
// after STARTTLS and a login, and puts all of it into one mailbox.

/** `main.cf`. Nothing is ever sent on. */
export function mainConfig(folder: string, mailboxOwner: number): string {
  return lines({
    compatibility_level: '3.6',
    queue_directory: `${folder}/queue`,
    data_directory: `${folder}/data`,
    maillog_file: `${folder}/log`,
    maillog_file_prefixes: folder,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: 'mail.example.org',
    mydestination: '',
    mynetworks: '192.0.2.0/24',
    alias_maps: '',
    alias_database: '',
    local_recipient_maps: '',
    // A mail from outside is not touched, but for trace headers.
    local_header_rewrite_clients: '',
    virtual_mailbox_domains: 'example.org',
    virtual_mailbox_base: `${folder}/mail`,
    virtual_mailbox_maps: 'static:inbox/',
    virtual_uid_maps: `static:${mailboxOwner}`,
    virtual_gid_maps: `static:${mailboxOwner}`,
    default_transport: 'error:nothing is sent on',
    relay_transport: 'error:nothing is sent on',
    message_size_limit: '1000000',
    smtpd_peername_lookup: 'no',
    smtpd_error_sleep_time: '0',
    smtpd_client_connection_rate_limit: '0',
    smtpd_tls_cert_file: `${folder}/etc/cert.pem`,
    smtpd_tls_key_file: `${folder}/etc/key.pem`,
    smtpd_tls_loglevel: '1',
    smtpd_tls_security_level: 'encrypt',
    smtpd_tls_auth_only: 'yes',
    smtpd_sasl_auth_enable: 'yes',
    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: 'private/auth',
    smtpd_relay_restrictions: 'permit_sasl_authenticated, reject',
  });
}

/** `master.cf`: the first port as above, the second without TLS and login. */
export function masterConfig([port, plainPort]: readonly [number, number]): string {
  return [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    `127.0.0.1:${plainPort} inet n - n - - smtpd`,
    '  -o smtpd_tls_security_level=none',
    '  -o smtpd_sasl_auth_enable=no',
    '  -o smtpd_relay_restrictions=permit_auth_destination,reject',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'proxymap unix - - n - - proxymap',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n');
}

/** Nothing but the login, at the socket that Postfix asks. */
export function dovecotConfig(folder: string): string {
  return `
protocols =
ssl = no
base_dir = ${folder}/dovecot
state_dir = ${folder}/dovecot
log_path = ${folder}/dovecot.log
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = ${folder}/etc/users
}
userdb {
  driver = passwd-file
  args = ${folder}/etc/users
}
service auth {
  unix_listener ${folder}/queue/private/auth {
    mode = 0666
  }
}
# Nobody waits for having had a wrong password before.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`;
}

function lines(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}
