import koffi from "koffi";
import { NetlinkError } from "./errors.ts";

const lib = koffi.load("libc.so.6");

/** System calls that Node does not offer. Each returns -1 on failure and sets errno. */
const calls = {
  socket: lib.func("int socket(int domain, int type, int protocol)"),
  bind: lib.func("int bind(int fd, const uint8_t *address, uint32_t size)"),
  connect: lib.func("int connect(int fd, const uint8_t *address, uint32_t size)"),
  setsockopt: lib.func(
    "int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t size)",
  ),
  getsockopt: lib.func(
    "int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *size)",
  ),
  send: lib.func("long send(int fd, const uint8_t *bytes, size_t size, int flags)"),
  recv: lib.func("long recv(int fd, _Out_ uint8_t *bytes, size_t size, int flags)"),
  setns: lib.func("int setns(int fd, int type)"),
  unshare: lib.func("int unshare(int flags)"),
  mount: lib.func(
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)",
  ),
  umount2: lib.func("int umount2(const char *target, int flags)"),
  ioctl: lib.func("int ioctl(int fd, unsigned long request, const uint8_t *value)"),
  if_nametoindex: lib.func("uint32_t if_nametoindex(const char *name)"),
  epoll_create1: lib.func("int epoll_create1(int flags)"),
  epoll_ctl: lib.func("int epoll_ctl(int epfd, int op, int fd, const uint8_t *event)"),
  epoll_wait: lib.func("int epoll_wait(int epfd, _Out_ uint8_t *events, int max, int timeout)"),
  eventfd: lib.func("int eventfd(uint32_t initial, int flags)"),
};

export const libc = calls;

/**
 * Returns the result of a call.
 *
 * @throws {NetlinkError} with errno if the call failed
 */
export function checked(op: string, result: number): number {
  if (result < 0) throw new NetlinkError(op, koffi.errno());
  return result;
}

/** errno of the last call on this thread. */
export function errno(): number {
  return koffi.errno();
}

/**
 * Sets a socket option.
 *
 * @throws {NetlinkError}
 */
export function setOption(fd: number, level: number, name: number, value: Buffer): void {
  checked("setsockopt", libc.setsockopt(fd, level, name, value, value.length));
}
