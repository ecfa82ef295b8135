# Two commands for a new user; each installs everything that it needs (Debian, as root).

NODE = node_modules/.bin/node

.PHONY: demo cluster test setup bench
.DEFAULT_GOAL := help

help:
	@echo 'make demo     two sites, a tunnel between them, and what happens when it is broken'
	@echo 'make cluster  two nodes of Kubernetes with a tunnel to a partner, left running'
	@echo 'make test     every check and every test, on a real charon and a real kernel'
	@echo 'make bench    the figures in docs/performance.md (needs Go)'

setup:
	@lab/setup.sh

demo:
	@lab/setup.sh --ready
	@$(NODE) lab/run.ts --ready -- $(NODE) lab/demo.ts

cluster:
	@lab/setup.sh --cluster
	@PATH=$(CURDIR)/node_modules/.bin:$$PATH $(NODE) lab/cluster/run.ts --limit 86400 -- $(NODE) lab/cluster/hold.ts

test:
	@lab/setup.sh --cluster
	@$(NODE) test/all.ts

bench: setup
	@command -v go >/dev/null || { echo 'make bench compares with govici: install Go 1.24 or later'; exit 1; }
	@$(NODE) bench/run.ts
