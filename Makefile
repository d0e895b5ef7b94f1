# One door to everything: installs what is missing (Debian, as root), builds, runs, tests.
BUILD ?= build
SANITIZED ?= build-sanitized
JOBS ?= $(shell nproc)
CLANG := 19

BUILD_PACKAGES := g++ cmake ninja-build pkg-config clang-$(CLANG) bpftool libbpf-dev libelf-dev zlib1g-dev \
  libmicrohttpd-dev libgnutls28-dev libcrypt-dev prometheus-cpp-dev libyaml-cpp-dev libasio-dev libc-ares-dev \
  libcurl4-openssl-dev libssl-dev libcap-dev libsystemd-dev libprotobuf-dev protobuf-compiler libcli11-dev libspdlog-dev nlohmann-json3-dev
TEST_PACKAGES := libgtest-dev libgmock-dev libvalijson-dev libclang-rt-$(CLANG)-dev llvm-$(CLANG) \
  iproute2 iputils-ping iperf3 tcpdump prometheus libcap2-bin util-linux systemd openssl curl nginx-light \
  golang-go golang-github-masterminds-sprig-dev golang-k8s-sigs-yaml-dev mandoc man-db binutils ca-certificates
BENCH_PACKAGES := libbpf-tools fping prometheus-smokeping-prober prometheus-blackbox-exporter
KERNEL_TEST_PACKAGES := qemu-system-x86 busybox-static cpio kmod debian-archive-keyring
LINT_PACKAGES := clang-format-$(CLANG) clang-tidy-$(CLANG)
PACKAGE_PACKAGES := debhelper dpkg-dev git
PACKAGE_TEST_PACKAGES := lintian systemd-container dbus procps util-linux iproute2 curl openssl man-db prometheus

.PHONY: help run test test-kernels build lint format bench fuzz soak grafana-schema clean install package test-package manifests \
  kubernetes-schema build-deps test-deps bench-deps lint-deps package-deps package-test-deps kernel-test-deps grafana-schema-deps

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build and run with the built-in defaults; then: curl -s localhost:10049/metrics
	$(BUILD)/rtt_exporter

# A build that never ran the tests does not need what they need.
build: build-deps ## build build/rtt_exporter
	cmake -S . -B $(BUILD) -G Ninja $(if $(wildcard $(BUILD)/CMakeCache.txt),,-DBUILD_TESTING=OFF)
	cmake --build $(BUILD) --target rtt_exporter -j $(JOBS)

test: build-deps test-deps ## run every test: g++, then clang with ASan and UBSan
	cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON
	cmake --build $(BUILD) -j $(JOBS)
	ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure
	cmake -S . -B $(SANITIZED) -G Ninja -DBUILD_TESTING=ON -DRTT_SANITIZE=ON \
	  -DCMAKE_C_COMPILER=clang-$(CLANG) -DCMAKE_CXX_COMPILER=clang++-$(CLANG)
	cmake --build $(SANITIZED) -j $(JOBS)
	ctest --test-dir $(SANITIZED) -j $(JOBS) --output-on-failure

KERNELS ?= 5.10 6.1 6.12
test-kernels: build-deps test-deps kernel-test-deps ## run the daemon on Debian's kernels, in virtual machines (KERNELS="6.1": some)
	cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON
	cmake --build $(BUILD) --target rtt_exporter kernel_tests integration_btf -j $(JOBS)
	tests/kernels/run $(BUILD) $(KERNELS)

SOURCES = $(shell git ls-files '*.cpp' '*.h' '*.c')

lint: test-deps lint-deps ## check format and run clang-tidy
	clang-format-$(CLANG) --dry-run -Werror $(SOURCES)
	cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON
	cmake --build $(BUILD) --target rtt_bpf_skeleton rtt_client_model
	git ls-files 'userspace/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy-$(CLANG) -quiet -p $(BUILD)

format: lint-deps ## format the sources
	clang-format-$(CLANG) -i $(SOURCES)

BENCH ?= bpf_cost throughput passive_truth active_truth active_cost active_scale tcp_info scrape start bounds
bench: build-deps test-deps bench-deps ## measure against other programs: tables of docs/performance.md (BENCH="scrape start": some)
	cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON
	cmake --build $(BUILD) --target $(addprefix bench_,$(BENCH)) -j $(JOBS)
	@set -e; for b in $(BENCH); do $(BUILD)/tests/bench_$$b; done

FUZZ ?= config file_sd web_config icmp udp echo netlink control dns http_request http_server http_response
export FUZZ_SECONDS ?= 60
fuzz: build-deps test-deps ## fuzz every parser for FUZZ_SECONDS (60) each (FUZZ="dns icmp": some)
	cmake -S . -B $(SANITIZED) -G Ninja -DBUILD_TESTING=ON -DRTT_SANITIZE=ON \
	  -DCMAKE_C_COMPILER=clang-$(CLANG) -DCMAKE_CXX_COMPILER=clang++-$(CLANG)
	@set -e; for f in $(FUZZ); do cmake --build $(SANITIZED) --target run_$${f}_fuzz -j $(JOBS); done

SOAK_SECONDS ?= 1200
soak: build-deps test-deps ## run everything at once for SOAK_SECONDS (1200) and see whether anything grows
	cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON
	cmake --build $(BUILD) --target rtt_soak -j $(JOBS)
	$(BUILD)/tests/rtt_soak $(SOAK_SECONDS)

# The tests use what is in the tree: only a new release of Grafana needs this, and the npm registry.
grafana-schema: grafana-schema-deps ## make the schema of Grafana's dashboards anew, from the npm packages in tests/grafana_schema
	cd tests/grafana_schema && npm ci --no-audit --no-fund && npm run generate

package: package-deps ## build the Debian package and the Helm chart: build/package/*.deb, *.tgz
	config/debian/build.sh $(BUILD)/package $(JOBS) $(BUILD_PACKAGES)
	config/helm/package.sh $(BUILD)/package

test-package: package package-test-deps ## install, start, upgrade, remove and purge that package, under a real systemd
	tests/package/test.sh $(BUILD)/package

manifests: ## make the PrometheusRules of config/kubernetes anew, of config/prometheus
	for rules in recording alerts; do config/kubernetes/rules.sh $$rules config/prometheus/$$rules.rules.yml \
	  > config/kubernetes/components/prometheus-rule/$$rules.yaml || exit 1; done

# As with Grafana's: only a new release of Kubernetes or of its operator for Prometheus needs this.
kubernetes-schema: grafana-schema-deps ## make the schema of Kubernetes' objects anew, from npm packages
	cd tests/kubernetes_schema && npm ci --no-audit --no-fund && npm run generate

clean: ## remove what was built
	rm -rf $(BUILD) $(SANITIZED)

DESTDIR ?=
PREFIX ?= /usr/local
install: build ## install the program, its configuration, manual page and systemd unit (DESTDIR, PREFIX)
	install -D -m 0755 $(BUILD)/rtt_exporter $(DESTDIR)$(PREFIX)/bin/rtt_exporter
	install -D -m 0644 docs/rtt_exporter.8 $(DESTDIR)$(PREFIX)/share/man/man8/rtt_exporter.8
	test -e $(DESTDIR)/etc/rtt_exporter/rtt_exporter.yml || \
	  install -D -m 0644 config/quickstart.yml $(DESTDIR)/etc/rtt_exporter/rtt_exporter.yml
	install -d $(DESTDIR)/etc/systemd/system
	sed 's|/usr/local/bin|$(PREFIX)/bin|' config/systemd/rtt_exporter.service \
	  > $(DESTDIR)/etc/systemd/system/rtt_exporter.service
	install -D -m 0644 config/systemd/namespaces.conf $(DESTDIR)$(PREFIX)/share/doc/rtt_exporter/namespaces.conf

# $(1): packages. Installs those that are missing; says which when it may not.
define ensure_packages
	@missing=$$(for p in $(1); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" != 0 ]; then echo "missing Debian packages (run as root, or install them):" $$missing; exit 1; fi; \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	fi
endef

build-deps:
	$(call ensure_packages,$(BUILD_PACKAGES))
test-deps: build-deps
	$(call ensure_packages,$(TEST_PACKAGES))
kernel-test-deps:
	$(call ensure_packages,$(KERNEL_TEST_PACKAGES))
bench-deps:
	$(call ensure_packages,$(BENCH_PACKAGES))
lint-deps: build-deps
	$(call ensure_packages,$(LINT_PACKAGES))
package-deps: build-deps
	$(call ensure_packages,$(PACKAGE_PACKAGES))
package-test-deps:
	$(call ensure_packages,$(PACKAGE_TEST_PACKAGES))
grafana-schema-deps:
	$(if $(shell command -v npm),,$(call ensure_packages,nodejs npm))
