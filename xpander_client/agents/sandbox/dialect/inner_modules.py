"""Modules of the standard library that agent code gets as code, inside of the sandbox.

They change the caller's lists or call its functions, so they can't be the host's.
"""

from __future__ import annotations

SOURCES = {
    "heapq": """\
def __x_heapq():
    def up(heap, at):
        item = heap[at]
        while at > 0:
            above = (at - 1) >> 1
            if not item < heap[above]:
                break
            heap[at] = heap[above]
            at = above
        heap[at] = item
    def down(heap, at):
        size = len(heap)
        item = heap[at]
        while 2 * at + 1 < size:
            below = 2 * at + 1
            if below + 1 < size and heap[below + 1] < heap[below]:
                below += 1
            if not heap[below] < item:
                break
            heap[at] = heap[below]
            at = below
        heap[at] = item
    def heappush(heap, item):
        heap.append(item)
        up(heap, len(heap) - 1)
    def heappop(heap):
        last = heap.pop()
        if not heap:
            return last
        first = heap[0]
        heap[0] = last
        down(heap, 0)
        return first
    def heapify(heap):
        for at in range(len(heap) // 2 - 1, -1, -1):
            down(heap, at)
    def heapreplace(heap, item):
        first = heap[0]
        heap[0] = item
        down(heap, 0)
        return first
    def heappushpop(heap, item):
        if heap and heap[0] < item:
            return heapreplace(heap, item)
        return item
    def nsmallest(n, iterable, key=None):
        return sorted(iterable, key=key)[:max(n, 0)]
    def nlargest(n, iterable, key=None):
        return sorted(iterable, key=key, reverse=True)[:max(n, 0)]
    def merge(*iterables, key=None, reverse=False):
        items = []
        for one in iterables:
            items.extend(one)
        return iter(sorted(items, key=key, reverse=reverse))
    class module:
        pass
    made = module()
    made.heappush = heappush
    made.heappop = heappop
    made.heapify = heapify
    made.heapreplace = heapreplace
    made.heappushpop = heappushpop
    made.nsmallest = nsmallest
    made.nlargest = nlargest
    made.merge = merge
    return made
__x_heapq = __x_heapq()
None
""",
    "operator": """\
def __x_operator():
    def itemgetter(*keys):
        if len(keys) == 1:
            key = keys[0]
            return lambda value: value[key]
        return lambda value: tuple([value[key] for key in keys])
    def follow(value, name):
        for part in name.split("."):
            value = getattr(value, part)
        return value
    def attrgetter(*names):
        if len(names) == 1:
            name = names[0]
            return lambda value: follow(value, name)
        return lambda value: tuple([follow(value, name) for name in names])
    class module:
        pass
    made = module()
    made.itemgetter = itemgetter
    made.attrgetter = attrgetter
    made.add = lambda a, b: a + b
    made.sub = lambda a, b: a - b
    made.mul = lambda a, b: a * b
    made.truediv = lambda a, b: a / b
    made.floordiv = lambda a, b: a // b
    made.mod = lambda a, b: a % b
    made.pow = lambda a, b: a ** b
    made.neg = lambda a: -a
    made.and_ = lambda a, b: a & b
    made.or_ = lambda a, b: a | b
    made.xor = lambda a, b: a ^ b
    made.not_ = lambda a: not a
    made.eq = lambda a, b: a == b
    made.ne = lambda a, b: a != b
    made.lt = lambda a, b: a < b
    made.le = lambda a, b: a <= b
    made.gt = lambda a, b: a > b
    made.ge = lambda a, b: a >= b
    made.contains = lambda a, b: b in a
    made.getitem = lambda a, b: a[b]
    made.concat = lambda a, b: a + b
    return made
__x_operator = __x_operator()
None
""",
}
