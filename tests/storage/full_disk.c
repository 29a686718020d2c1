/* A disk that is full from the nth write to the database on, until the file named by FULL_FREED is there.
 *
 * Preloaded into a process: counts write, pwrite, ftruncate and fallocate on files whose path holds FULL_PATH.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>

static long writes = 0;

static int ours(int fd)
{
    char link[64], path[4096];
    const char *wanted = getenv("FULL_PATH");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!wanted || length < 0)
        return 0;
    path[length] = 0;
    return strstr(path, wanted) != NULL;
}

static int full(int fd)
{
    const char *from = getenv("FULL_FROM"), *freed = getenv("FULL_FREED"), *counted = getenv("FULL_COUNTED");
    if (!from || !ours(fd))
        return 0;
    /* Counting begins when the test says so: what is tested is a start, not the making of the file. */
    if (counted && access(counted, F_OK) != 0)
        return 0;
    if (__atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST) < atol(from))
        return 0;
    return !(freed && access(freed, F_OK) == 0);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSED(fd) do { if (full(fd)) { errno = ENOSPC; return -1; } } while (0)

ssize_t write(int fd, const void *bytes, size_t size) { REFUSED(fd); return REAL(write)(fd, bytes, size); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { REFUSED(fd); return REAL(pwrite)(fd, bytes, size, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { REFUSED(fd); return REAL(pwrite64)(fd, bytes, size, at); }
int ftruncate(int fd, off_t size) { REFUSED(fd); return REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { REFUSED(fd); return REAL(ftruncate64)(fd, size); }
int posix_fallocate(int fd, off_t at, off_t size) { if (full(fd)) return ENOSPC; return REAL(posix_fallocate)(fd, at, size); }
