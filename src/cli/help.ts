const CODES = `Exit codes
  0   done
  1   the configuration is wrong, or what it names cannot be used (a file, a port)
  2   wrong usage, or input that cannot be read
  70  a fault of Vigil itself`

export const HELP = {
  main: `vigil - runtime identity for Envoy

Usage
  vigil serve --config vigil.yaml [--static static.yaml]   answer Envoy's checks
  vigil config check FILE...                                find mistakes, show the effective configuration
  vigil decide --config vigil.yaml [FILE|-]                 decide CheckRequests from a file, without Envoy
  vigil explain FILE|- [ID]                                 one decision of the audit records, in plain words
  vigil report --records FILE|- [--html FILE]               what was decided, and what is on trial would have done
  vigil probe [ADDRESS] | --attachment URL                  does Vigil answer, and does an Envoy obey it?

  vigil COMMAND --help   more about one command, with examples
  vigil --version

${CODES}
`,
  serve: `vigil serve - answer Envoy's checks

Usage
  vigil serve --config vigil.yaml [--static static.yaml]

  --config FILE   identity, actions, risk, policy, …: reloaded live when the file changes
  --static FILE   listeners, TLS, store, instance key: a change needs a restart; without it all defaults

Without --static: gRPC on 127.0.0.1:9000 (plaintext), probes and metrics on 127.0.0.1:9090, state in memory.
SIGTERM: health says NOT_SERVING, checks are served for server.drainDelaySeconds more, what is in flight is finished.
SIGINT (Ctrl-C): the same without the delay. A second signal ends it at once, with 128 + the signal's number.
SIGHUP: reads the configuration again now.

Examples
  vigil serve --config vigil.yaml
  vigil serve --static /etc/vigil/static.yaml --config /etc/vigil/dynamic/vigil.yaml

${CODES}
`,
  'config check': `vigil config check - find mistakes before they are live

Usage
  vigil config check FILE... [--quiet] [--json]

Each FILE is a vigil.yaml or a static.yaml (told by its keys). Given together, they are also held against each other,
as serve does. Mistakes go to standard error as file:line:column with the line; so do warnings about what is allowed and
hardly meant, which leave the exit code 0. The effective configuration with every default, and the default table of
policy, go to standard output.

  --quiet   print mistakes and warnings only
  --json    print one JSON object: {"ok": …, "problems": […], "warnings": […]}

Examples
  vigil config check vigil.yaml
  vigil config check --quiet static.yaml vigil.yaml && kubectl apply -f configmap.yaml

${CODES}
`,
  decide: `vigil decide - what would be decided

Usage
  vigil decide --config vigil.yaml [FILE|-]

Each input line is a CheckRequest in protobuf JSON, or {"at": time, "caller": SAN, "request": CheckRequest}:
  at       RFC 3339; the time of this check (default: now)
  caller   SAN of the Envoy that asks (default: a caller that has not proved who it is)
Each output line is {"decision": {…}, "response": CheckResponse in protobuf JSON}. Habits, rates and used proofs live
across the lines of one run. An unreadable line, or one with a field that is none, gets an error line with its number;
the rest go on, exit code 2.

Examples
  vigil decide --config vigil.yaml checks.jsonl
  echo '{"attributes":{"request":{"http":{"method":"GET","host":"api.example.com","path":"/"}}}}' |
    vigil decide --config vigil.yaml -

${CODES}
`,
  explain: `vigil explain - one decision in plain words

Usage
  vigil explain FILE|- [ID] [--config vigil.yaml] [--json]
  vigil explain FILE|- --list [--json]

FILE holds audit records, one JSON object per line (gzip is taken, too); - is standard input. Tells who asked and how
that was proved, what was seen, what each signal added, what decided and why, and what would have made the request pass.

  ID       decision id (or its first 8 characters), the urn:uuid:… that a caller quotes, an x-request-id, or a trace id;
           without it: the last refusal in the file
  --list   one line for each refusal
  --json   the same as JSON, one object per line
  --config FILE
           decides the record again with this configuration, as it was and with one thing or two changed (a login, a
           scope, a bound token, no finding …), and tells which changes would have let it pass

Lines that are no records are counted and passed over. Exit code 2: nothing was found, or the file could not be read.

Examples
  vigil explain audit.jsonl
  vigil explain audit.jsonl urn:uuid:5f0c0c0c-1111-4222-8333-444455556666
  vigil explain audit.jsonl --list | grep alice
  vigil explain audit.jsonl 5f0c0c0c --config vigil.yaml
  kubectl logs deploy/vigil | vigil explain - 5f0c0c0c --json

${CODES}
`,
  report: `vigil report - what was decided, and what observe mode and shadow rules would have done

Usage
  vigil report --records FILE|- [--json FILE|-] [--html FILE]

Reads audit records, one JSON object per line (gzip is taken, too), and counts per rule, action and effect, with the
identities hit most and examples with reasons. A table goes to standard output.

  --records FILE   the records; - is standard input
  --json FILE      the same as JSON; - is standard output, in place of the table
  --html FILE      the same as one page with charts that needs nothing beside it

The file is read once, in bounded memory: where there are more identities, rules or actions than counters, the rare
ones make room and counts are upper bounds (the report says so). Lines that are no records are counted and named with
their numbers. Exit code 2: there was no record, or a file could not be read to its end or written.

Examples
  vigil report --records audit.jsonl
  vigil report --records audit.jsonl.gz --html report.html --json report.json
  cat /var/log/vigil/audit*.jsonl | vigil report --records - --html report.html
  vigil report --records audit.jsonl --json - | jq .shadowRules

${CODES}
`,
  probe: `vigil probe - does Vigil answer as it must, and does an Envoy obey it?

Usage
  vigil probe [ADDRESS] [TLS] [--wait SECONDS] [--json]
  vigil probe --attachment URL [--host NAME] [TLS] [--wait SECONDS] [--json]

The first asks a running Vigil over gRPC: one check that must pass and one that must be refused. ADDRESS is host:port or
unix:/path (default 127.0.0.1:9000). The second asks for the canary below URL through an Envoy: a path that Vigil always
refuses. If anything else comes back, Vigil is not attached there, Envoy fails open, or Vigil cannot be reached: it says
which. No credential is needed, and nothing is opened or changed. Answers are told in words, and with what to do.

  --attachment URL   http:// or https://, with the prefix of a route that Vigil protects
  --host NAME        the host to ask for, where URL names the address of a gateway; also the server name of TLS
  --wait SECONDS     ask again until all is well, so long at most (default 0)
  --timeout SECONDS  for each question (default 5)
  --json             one JSON object: {"ok": …, "target": …, "tls": …, "results": […]}

TLS
  --ca FILE          CA (PEM) of the server; without it the CAs of the system
  --cert FILE --key FILE
                     client certificate (PEM) and its key; with server.callers it must be one of a listed caller
  --server-name NAME the name, or SPIFFE ID, that the server's certificate must carry
  --tls              TLS also to this machine
  --plaintext        no TLS; without it only this machine is asked in plaintext

Examples
  vigil probe
  vigil probe vigil.vigil-system.svc:9000 --ca ca.crt --cert tls.crt --key tls.key --wait 30
  vigil probe vigil.vigil-system.svc:9000 --plaintext --json
  vigil probe --attachment https://api.example.com/v1
  vigil probe --attachment https://203.0.113.7/ --host api.example.com --ca gateway-ca.crt

Exit codes
  0   everything is as it must be
  1   it is not, or there was no answer
  2   wrong usage, or a file that cannot be read
  70  a fault of Vigil itself
`,
} as const

export type Topic = keyof typeof HELP
