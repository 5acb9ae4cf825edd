# Counting words: split, strip, lower, dict.get, sorted by a key.
TEXT = "It was the best of times, it was the worst of times; it was the age of wisdom... "


def count(text):
    counts = {}
    for word in text.split():
        word = word.strip(".,;").lower()
        counts[word] = counts.get(word, 0) + 1
    return counts


total = 0
for _ in range(20):
    counts = count(TEXT * 1000)
    for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        total += n * len(word)
print("word_count", total)
