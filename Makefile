# Builds Vigia; there is no configure step. `make help` lists what it can do.
#
#   DEPS=DIR     the static third-party libraries (made by scripts/deps if left alone)
#   TARGET=...   linux: for hosts like this one; bullseye: against Debian 11's C library, for packages; windows: mingw-w64
#   SAN=1        AddressSanitizer and UBSan; SAN=thread: ThreadSanitizer. Each builds in its own build/<variant>/.

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

CC       := gcc
AR       := ar
CLANG    := clang-14
TARGET   := linux
DEPS     ?= build/deps/$(TARGET)
FUZZ_SECONDS ?= 60
# System tests that also run under ThreadSanitizer (they are slow there).
TSAN_SYSTEM := line

# Variants ------------------------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
HARDEN   := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
ifeq ($(shell uname -m),x86_64)
HARDEN   += -fcf-protection
# Debian's crti.o is not marked for CET, which would take the mark off the whole program: the shadow stack is asked for
# here. (Not IBT: crti.o really lacks its landing pad.)
CET_LINK := -Wl,-z,shstk
endif
GC       := -ffunction-sections -fdata-sections

ifeq ($(SAN),)
VARIANT  := release
MODE     := -O2 $(HARDEN)
else ifeq ($(SAN),1)
VARIANT  := san
MODE     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
            -DARENA_BLOCK_SIZE=0
else ifeq ($(SAN),thread)
VARIANT  := tsan
MODE     := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
else ifeq ($(SAN),fuzz)
# Not for people: `make fuzz` builds with it.
VARIANT  := fuzz
CC       := $(CLANG)
WARNINGS := -w
MODE     := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
            -fprofile-instr-generate -fcoverage-mapping -DARENA_BLOCK_SIZE=0
else
$(error SAN is 1 or thread, not "$(SAN)")
endif

ifneq ($(TARGET),linux)
VARIANT  := $(TARGET)
endif

ifeq ($(TARGET),bullseye)
# The older system's headers and C library lie beside the libraries that were built against them.
SYSROOT  := --sysroot=$(abspath $(DEPS))/sysroot -B$(abspath $(DEPS))/sysroot/usr/lib/$(shell uname -m)-linux-gnu
OLD_LIBS := -ldl
endif

OUT      := build/$(VARIANT)
OBJ      := $(OUT)/obj
# -D_GNU_SOURCE= with an empty value, so that a file may define it too. Paths of this machine stay out of what is built.
CFLAGS   := $(SYSROOT) -std=gnu11 $(WARNINGS) $(MODE) -fPIE $(GC) -D_GNU_SOURCE= -Iagent -I. -isystem $(DEPS)/include \
            -include base/banned.h -ffile-prefix-map=$(CURDIR)=. $(EXTRA_CFLAGS)
LDFLAGS  := $(SYSROOT) $(MODE) -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--as-needed,--build-id=sha1 \
            $(if $(SAN),,$(CET_LINK))
ifeq ($(TARGET),windows)
CC       := x86_64-w64-mingw32-gcc
AR       := x86_64-w64-mingw32-ar
HARDEN   := -fstack-protector-strong
# __printf__: mingw's own is not C99's
CFLAGS   := -std=gnu11 $(WARNINGS) -O2 $(HARDEN) $(GC) -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0A00 -DWIN32_LEAN_AND_MEAN \
            -D__USE_MINGW_ANSI_STDIO=1 -D__printf__=__gnu_printf__ -DCURL_STATICLIB -DPCRE2_STATIC -DYAML_DECLARE_STATIC \
            -Iagent -I. -isystem $(DEPS)/include -include base/banned.h -ffile-prefix-map=$(CURDIR)=. $(EXTRA_CFLAGS)
# wmain is in platform/windows/start.c
LDFLAGS  := -O2 -s -static -municode $(HARDEN) -Wl,--gc-sections,--dynamicbase,--nxcompat,--high-entropy-va,--no-insert-timestamp
OLD_LIBS := -lws2_32 -liphlpapi -lbcrypt -ladvapi32 -lpsapi -lntdll -lcrypt32
SYSTEM   := platform/windows
OTHERS   := %_linux.c
EXE      := .exe
RESOURCE := $(OBJ)/packaging/windows/vigia.o
else
SYSTEM   := platform/posix platform/linux
OTHERS   := %_windows.c
endif
LIBS     := $(patsubst %,$(DEPS)/lib/lib%.a,curl mbedtls mbedx509 mbedcrypto yyjson pcre2-8 yaml lmdb inih z) $(OLD_LIBS)

# What there is: found by name, in an order that does not depend on the machine ---------------------------------------

# NAME_linux.c and NAME_windows.c, anywhere, are chosen by the target
AGENT    := $(sort $(filter-out $(OTHERS),$(wildcard agent/main.c agent/*/*.c agent/*/*/*.c platform/common/*.c $(SYSTEM:%=%/*.c))))
PARTS    := $(filter-out agent/main.c,$(AGENT))
UNIT     := $(sort $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/test_*.c)))
ifeq ($(TARGET),windows)
# those that ask for nothing but platform/, and those of Windows alone
UNIT     := base checks_windows config event_record eventlog explain_servicing integrity_rehash integrity_spelling \
            inventory_windows journal json log_audit log_glob log_journal log_reader md5 ocsf outbox pipeline poll \
            registry_kit registry_source renewal reparse report rules_conf sealed sha256 ship sigma_counter \
            sigma_detector sigma_pattern sigma_rule spool store templates_detector templates_events updates \
            updates_source usn_record
UNIT     := $(UNIT:%=$(OUT)/unit/test_%.exe) $(patsubst tests/windows/%.c,$(OUT)/unit/%.exe,$(wildcard tests/windows/test_*.c))
endif
BENCH    := $(sort $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(wildcard tests/bench/*.c)))
FLOORS   := $(sort $(patsubst tests/bench/windows/%.c,$(OUT)/bench/%.exe,$(wildcard tests/bench/windows/*.c)))
FUZZERS  := $(sort $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ     ?= $(FUZZERS)
CHOSEN   := $(patsubst %,fuzz_%,$(patsubst fuzz_%,%,$(FUZZ)))
HELPERS  := $(sort $(filter-out $(OTHERS),$(wildcard tests/fake/*.c)))
objects   = $(patsubst %.c,$(OBJ)/%.o,$(1))
CHECK    := BUILD=$(CURDIR)/$(OUT) VIGIA=$(CURDIR)/$(OUT)/vigia DEPS=$(abspath $(DEPS)) nice scripts/check

# Building ------------------------------------------------------------------------------------------------------------

.PHONY: all deps bins unit system fuzz-replay check hostile chaos lint format fuzz bench soak demo reprocheck clean help
all: $(OUT)/vigia$(EXE)                ## the program: build/release/vigia

# Out of the archive comes only what is asked for: the linker for Windows throws away no section that has unwind data.
$(OUT)/vigia$(EXE): $(call objects,agent/main.c) $(RESOURCE) $(OUT)/libvigia.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

VERSION  := $(shell sed -n 's/.*VIGIA_VERSION "\([0-9.]*\)".*/\1/p' agent/base/version.h)
COMMA    := ,
$(OBJ)/packaging/windows/%.o: packaging/windows/%.rc packaging/windows/%.manifest agent/base/version.h
	@mkdir -p $(@D)
	x86_64-w64-mingw32-windres -Iagent -DNUMBERS=$(subst .,$(COMMA),$(VERSION)),0 -o $@ $<

# Everything but main, for tests: an archive, so that a test may define its own double of a function.
$(OUT)/libvigia.a: $(call objects,$(PARTS))
	@rm -f $@
	$(AR) rcsD $@ $^

$(OUT)/libhelpers.a: $(call objects,$(HELPERS))
	@rm -f $@
	$(AR) rcsD $@ $^

$(OBJ)/tests/%.o: CFLAGS += -Itests
ifeq ($(TARGET),windows)
# headers of Windows use what banned.h takes away: they come before it where they are needed
$(OBJ)/platform/windows/%.o $(OBJ)/agent/ship/%.o $(OBJ)/tests/%.o: FIRST := -include platform/windows/first.h
endif
$(OBJ)/%.o: %.c Makefile $(DEPS)/ready
	@mkdir -p $(@D)
	$(CC) $(FIRST) $(CFLAGS) -MMD -MP -c -o $@ $<

TEST_LIBS = -Wl,--start-group $(OUT)/libvigia.a $(OUT)/libhelpers.a -Wl,--end-group
LINK_UNIT = $(CC) $(LDFLAGS) -o $@ $< $(TEST_LIBS) $(DEPS)/lib/libcmocka.a $(LIBS)
$(OUT)/unit/%$(EXE): $(OBJ)/tests/unit/%.o $(OUT)/libvigia.a $(OUT)/libhelpers.a
	@mkdir -p $(@D)
	$(LINK_UNIT)

$(OUT)/unit/%.exe: $(OBJ)/tests/windows/%.o $(OUT)/libvigia.a $(OUT)/libhelpers.a
	@mkdir -p $(@D)
	$(LINK_UNIT)

# tests/windows/eventlog puts it in the place of wine's
$(OUT)/wevtapi.dll: tests/windows/stand-in/wevtapi.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O2 -s -shared -static-libgcc -DUNICODE -D_WIN32_WINNT=0x0A00 -o $@ $<

# what tests/bench/windows-* compare vigia.exe with
$(OUT)/bench/%.exe: tests/bench/windows/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O2 -s -static -municode -DUNICODE -D_WIN32_WINNT=0x0A00 -D__USE_MINGW_ANSI_STDIO=1 \
	    -o $@ $< -lwevtapi -lpsapi

$(OUT)/bench/%: $(OBJ)/tests/bench/%.o $(OUT)/libvigia.a $(OUT)/libhelpers.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(TEST_LIBS) $(LIBS)

# A fuzz target: with libFuzzer, or with a main of ours that runs the files it is given once.
$(OUT)/fuzz/%: $(OBJ)/tests/fuzz/%.o $(OUT)/libvigia.a $(OUT)/libhelpers.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(TEST_LIBS) $(LIBS)

$(OUT)/replay/%: $(OBJ)/tests/fuzz/%.o $(OBJ)/tests/fuzz/replay.o $(OUT)/libvigia.a $(OUT)/libhelpers.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(OBJ)/tests/fuzz/replay.o $(TEST_LIBS) $(LIBS)

# For LD_PRELOAD: crash.so kills a program inside its writes, clock.so moves its clock. They are not sanitized
# themselves, so one rule does for all variants.
$(OUT)/crash.so: tests/fake/crash/crash.c Makefile
$(OUT)/clock.so: tests/fake/clock/clock.c Makefile
SHIMS := $(OUT)/crash.so $(OUT)/clock.so
$(SHIMS):
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O1 -U_FORTIFY_SOURCE -D_GNU_SOURCE= -fPIC -shared -pthread -o $@ $<

.SECONDARY:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

# Those of others are used as they are; our own are made, and made anew when the table changes.
ifneq ($(filter file,$(origin DEPS))$(OWN_DEPS),)
$(DEPS)/ready: scripts/deps $(wildcard scripts/deps.d/*)
	scripts/prereqs --install build
	scripts/deps $(TARGET) --out $(DEPS)
	@touch $@
else
$(DEPS)/ready:
	$(error $(DEPS) holds no libraries: make them with scripts/deps $(TARGET) --out $(DEPS))
endif

deps:                                  ## the third-party libraries: build/deps/linux
	scripts/deps $(TARGET) --out $(DEPS)

.PHONY: all-deps
ALL_DEPS := $(patsubst %,deps-%,linux bullseye windows)
all-deps: $(ALL_DEPS)                  ## those of every target, side by side with -j
$(ALL_DEPS): deps-%:
	scripts/deps $*

WINDOWS_DEPS ?= build/deps/windows
.PHONY: windows check-windows
windows:                               ## the program for Windows: build/windows/vigia.exe
	@scripts/prereqs --install windows
	$(MAKE) --no-print-directory TARGET=windows DEPS=$(WINDOWS_DEPS) OWN_DEPS=$(if $(filter file,$(origin WINDOWS_DEPS)),1) SAN= all

.PHONY: windows-bins
windows-bins: msi
	@$(MAKE) --no-print-directory TARGET=windows DEPS=$(WINDOWS_DEPS) SAN= unit-bins

check-windows: windows-bins            ## the program for Windows and its unit tests, under wine
	@scripts/prereqs --install check windows
	@nice scripts/check windows

.PHONY: msi
msi: windows                           ## the installer: build/msi/vigia.msi; SIGN=KEY: signed (see scripts/msi)
	@scripts/prereqs --install msi
	@BUILD=build/windows DEPS=$(WINDOWS_DEPS) scripts/msi

# Packages ------------------------------------------------------------------------------------------------------------

DEB_DEPS ?= build/deps/bullseye
.PHONY: deb
deb:                                   ## vigia and vigia-center as .deb files, in build/deb
	@scripts/prereqs --install build
	$(MAKE) --no-print-directory TARGET=bullseye DEPS=$(DEB_DEPS) OWN_DEPS=$(if $(filter file,$(origin DEB_DEPS)),1) SAN= all
	@BUILD=build/bullseye DEPS=$(DEB_DEPS) scripts/deb vigia vigia-center

.PHONY: packages-matrix
packages-matrix: deb                   ## the packages on Debian 11 and 13, in containers
	@scripts/prereqs --install check
	@tests/system/package bullseye
	@tests/system/package trixie

.PHONY: packages-qemu
packages-qemu: deb                     ## the packages in a virtual machine: cgroup v2, ext4, a power cut
	@scripts/prereqs --install check qemu
	@tests/machine/qemu

# Testing -------------------------------------------------------------------------------------------------------------

bins: $(OUT)/vigia $(SHIMS) $(UNIT) $(if $(SAN),,$(BENCH))  ## everything that `check` runs

ifeq ($(SAN),thread)
check: bins                            ## every test; the last line is 'N passed, N failed'
	@scripts/prereqs --install check
	@$(CHECK) unit $(TSAN_SYSTEM:%=system/%)
else ifeq ($(SAN),1)
check: bins replay-bins
	@scripts/prereqs --install check
	@$(CHECK) tree replay unit+system
else
check: bins windows-bins
	@scripts/prereqs --install check windows
	@$(MAKE) --no-print-directory SAN=1 replay-bins
	@$(CHECK) tree replay unit+system+windows
endif

unit: $(UNIT)                          ## unit tests
	@$(CHECK) unit

system: $(OUT)/vigia $(SHIMS)          ## system tests, with a real nginx
	@scripts/prereqs --install check
	@$(CHECK) system

.PHONY: unit-bins replay-bins floors
unit-bins: $(UNIT) $(if $(EXE),$(OUT)/wevtapi.dll)
floors: $(OUT)/wevtapi.dll $(FLOORS)
replay-bins: $(patsubst %,$(OUT)/replay/%,$(FUZZERS))
fuzz-replay:                           ## the committed corpora through every fuzz target, with ASan and UBSan
	@$(MAKE) --no-print-directory SAN=1 replay-bins
	@$(CHECK) replay

hostile: $(OUT)/vigia                  ## a hostile host with ten times as much, and a million entries in a folder
	@BUILD=$(CURDIR)/$(OUT) VIGIA=$(CURDIR)/$(OUT)/vigia VIGIA_HOSTILE=10 nice tests/system/hostile-host

chaos: $(OUT)/vigia $(SHIMS)           ## 100,000 lines and 10,000 changes through kills, full disks, jumping clocks, lost state
	@BUILD=$(CURDIR)/$(OUT) VIGIA=$(CURDIR)/$(OUT)/vigia nice tests/chaos/chaos

lint: $(DEPS)/ready                    ## formatting, clang-tidy, cppcheck, who includes whom, portability
	@scripts/prereqs --install lint
	@$(CHECK) lint

format:                                ## rewrites the C files as clang-format wants them
	clang-format-14 -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h')

.PHONY: fuzz-bins
fuzz-bins: $(CHOSEN:%=$(OUT)/fuzz/%)
fuzz:                                  ## libFuzzer, FUZZ_SECONDS a target; FUZZ=config for one
	@scripts/prereqs --install fuzz
	@$(MAKE) --no-print-directory SAN=fuzz fuzz-bins
	@nice scripts/fuzz --seconds $(FUZZ_SECONDS) $(CHOSEN)

bench: $(OUT)/vigia $(BENCH)           ## measurements
	@$(CHECK) --show bench

.PHONY: bench-windows
bench-windows: windows                 ## measurements of the program for Windows, under wine
	@scripts/prereqs --install check windows
	@$(MAKE) --no-print-directory TARGET=windows DEPS=$(WINDOWS_DEPS) SAN= floors
	@BUILD=$(CURDIR)/build/windows nice scripts/check --show bench/windows-eventlog bench/windows-roles

soak: $(OUT)/vigia                     ## hours of load: is everything flat? VIGIA_SECONDS=7200; plot in build/release/soak
	@scripts/prereqs --install check
	@BUILD=$(CURDIR)/$(OUT) VIGIA=$(CURDIR)/$(OUT)/vigia nice tests/soak/soak

demo: all $(OUT)/bench/alarms          ## the whole line on this host; KEEP=1 leaves it running
	@scripts/prereqs --install demo
	@scripts/demo $(if $(KEEP),--keep)

.PHONY: demo-windows
demo-windows: windows                  ## the same with the program for Windows, under wine
	@scripts/prereqs --install demo windows check
	@BUILD=$(CURDIR)/build/windows scripts/demo-windows

reprocheck: all                        ## two builds in two folders give the same program
	@scripts/reprocheck $(abspath $(DEPS)) $(TARGET)

clean:                                 ## removes what was built, but not the libraries
	rm -rf build/release build/san build/tsan build/fuzz build/repro build/lint

help:                                  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1|\2/p' Makefile | awk -F'|' '{printf "  %-17s %s\n", $$1, $$2}'
