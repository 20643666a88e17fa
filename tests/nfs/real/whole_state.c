/* User-mode kernels before 6.13 set only a part of the processor's state, which a host with AMX
 * refuses. This stands between: it reads the whole state, puts the part into it, sets the whole. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static char whole[65536];

long ptrace(enum __ptrace_request request, ...) {
    static long (*real)(int, int, void *, void *);
    va_list list;
    va_start(list, request);
    int pid = va_arg(list, int);
    void *where = va_arg(list, void *), *data = va_arg(list, void *);
    va_end(list);
    if (!real)
        real = (long (*)(int, int, void *, void *))dlsym(RTLD_NEXT, "ptrace");
    if (request == PTRACE_SETREGSET && (long)where == NT_X86_XSTATE) {
        struct iovec *part = data, all = {whole, sizeof whole};
        if (real(PTRACE_GETREGSET, pid, where, &all) == 0 && part->iov_len < all.iov_len) {
            memcpy(whole, part->iov_base, part->iov_len);
            return real(PTRACE_SETREGSET, pid, where, &all);
        }
    }
    return real(request, pid, where, data);
}
