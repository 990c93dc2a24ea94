# Design: what is told is made before it is needed. The handler only writes bytes that lie there and ends the process: whatever else was
# going on in it, its memory cannot be trusted any more. Each thread has a place for the file that it decodes, and a stack for the handler,
# because a crash may be a stack that has no room left. Nothing of the thread library is asked for: its names are newer than the oldest
# system that wheels are built for.
"""What is told where a library ends the process while it decodes a file. Opened by :mod:`qingsuan.run.machine.crashes` only."""

cdef extern from *:
    """
    #ifndef _WIN32
    #include <signal.h>
    #include <string.h>
    #include <unistd.h>

    #define FILE_BYTES 4096
    #define TOLD_BYTES 4096
    #define STACK_BYTES 65536

    typedef struct { size_t size; char file[FILE_BYTES]; char stack[STACK_BYTES]; } Place;

    static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    static struct sigaction others[sizeof CRASHES / sizeof CRASHES[0]];
    static char before[TOLD_BYTES], after[TOLD_BYTES];
    static size_t before_size, after_size;
    static int status;
    static __thread Place *mine __attribute__((tls_model("initial-exec")));

    static void put(const char *text, size_t size) {
        while (size) {
            ssize_t done = write(2, text, size);
            if (done <= 0) return;
            text += done, size -= (size_t)done;
        }
    }

    static void crashed(int signal) {
        if (mine && mine->size) {
            put(before, before_size), put(mine->file, mine->size), put(after, after_size);
            _exit(status);
        }
        for (size_t at = 0; at < sizeof CRASHES / sizeof CRASHES[0]; at++)
            if (CRASHES[at] == signal) sigaction(signal, &others[at], NULL);
        raise(signal);
    }

    static int watch(const char *said, size_t said_size, const char *more, size_t more_size, int with_status) {
        struct sigaction action;
        if (said_size > TOLD_BYTES || more_size > TOLD_BYTES) return -1;
        memcpy(before, said, said_size), memcpy(after, more, more_size);
        before_size = said_size, after_size = more_size;
        if (!status) {
            status = with_status;
            memset(&action, 0, sizeof action);
            action.sa_handler = crashed;
            action.sa_flags = SA_ONSTACK;
            sigemptyset(&action.sa_mask);
            for (size_t at = 0; at < sizeof CRASHES / sizeof CRASHES[0]; at++) sigaction(CRASHES[at], &action, &others[at]);
        }
        return 0;
    }

    static void enter(Place *place) {
        stack_t stack;
        memset(&stack, 0, sizeof stack);
        stack.ss_sp = place->stack, stack.ss_size = STACK_BYTES;
        if (status && !sigaltstack(&stack, NULL)) mine = place;
    }

    static void leave(Place *place) {
        stack_t none;
        if (mine != place) return;
        mine = NULL;
        memset(&none, 0, sizeof none);
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, NULL);
    }

    static void say(Place *place, const char *file, size_t size) {
        place->size = 0;
        memcpy(place->file, file, size < FILE_BYTES ? size : FILE_BYTES);
        place->size = size < FILE_BYTES ? size : FILE_BYTES;
    }
    #else
    typedef struct { size_t size; } Place;
    static int watch(const char *a, size_t b, const char *c, size_t d, int e) { return -1; }
    static void enter(Place *place) {}
    static void leave(Place *place) {}
    static void say(Place *place, const char *file, size_t size) {}
    #endif
    """
    ctypedef struct Place:
        size_t size
    int watch(const char* before, size_t before_size, const char* after, size_t after_size, int status)
    void enter(Place* place)
    void leave(Place* place)
    void say(Place* place, const char* file, size_t size)


cdef class Thread:
    """What the thread that makes it decodes; it lives as long as the thread does."""
    cdef Place place

    def __cinit__(self):
        self.place.size = 0
        enter(&self.place)

    def __dealloc__(self):
        leave(&self.place)

    def decodes(self, bytes file):
        """It decodes a file from now on; none if the name is empty."""
        say(&self.place, file, len(file))


def tell(bytes before, bytes after, int status):
    """Have a crash while a file is decoded end with this told, the file in between, and this status; whether that can be done here."""
    return watch(before, len(before), after, len(after), status) == 0
