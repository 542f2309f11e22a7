"""Ordinary requests and answers for the load of `load_guard.py`: long enough for several windows of a stream."""

from __future__ import annotations

ANSWERS = {
    "What should I do in my garden in autumn?": (
        "A garden in autumn asks for little work and gives much back. Rake the leaves from the lawn but leave "
        "them under the hedge, where hedgehogs look for a bed. Cut dead stalks in spring, not now, since insects "
        "sleep in them. Water young trees once a week while it is dry, and spread compost around them so that the"
        " soil stays warm. Plant bulbs twice as deep as they are tall, with the pointed end up, and mark the "
        "place. Clean your tools, oil the blades, and hang them where it is dry. If you have a pond, lay a net "
        "over it before the leaves fall, because rotting leaves take the air from the water. Bring pots with "
        "tender plants into a bright, cool room, and water them only when the earth feels dry. Sow a green cover "
        "on empty beds: it keeps the rain from washing the soil away, and in spring you dig it in. Last of all, "
        "walk through the garden with a notebook. Write down what grew well and what did not, as long as you "
        "still remember it. What you do now in an hour will save you a day in April."
    ),
    "How do I bake a simple loaf of bread?": (
        "A simple loaf needs flour, water, salt and yeast, and most of all time. Mix five hundred grams of flour "
        "with ten grams of salt and a small spoon of dry yeast. Add three hundred and fifty grams of lukewarm "
        "water and stir with a wooden spoon until no dry flour is left. The dough will be sticky, and that is "
        "fine. Cover the bowl and leave it for half an hour, then fold the dough from the sides to the middle a "
        "few times with wet hands. Do this twice more, half an hour apart. After the last time let it rest until "
        "it has nearly doubled, which takes an hour or two in a warm kitchen. Shape a round loaf on a floured "
        "table and put it into a bowl lined with a cloth. Meanwhile heat the oven with a heavy pot inside, as hot"
        " as it goes. When the loaf has risen again, turn it carefully into the hot pot, cut the top with a sharp"
        " knife, and put the lid on. Bake it for half an hour with the lid and a quarter of an hour without. It "
        "is done when it sounds hollow if you knock on the bottom. Let it cool on a rack before you cut it, even "
        "if that is the hardest part."
    ),
    "Why do we have seasons? Explain it for a child.": (
        "Imagine the Earth as a ball that spins like a top while it travels around the Sun. One trip around the "
        "Sun takes a whole year. Now here is the secret: the ball does not stand up straight. It leans a little "
        "to one side, and it always leans the same way, wherever it is on its trip. For half of the year our part"
        " of the ball leans towards the Sun. Then the Sun climbs high into the sky, the light falls on us "
        "straight from above, and the days are long. All that light warms the ground and the air, and we call it "
        "summer. Half a year later the Earth is on the other side of the Sun, and our part leans away. The Sun "
        "stays low, its light comes in at a slant and has to warm a much bigger patch, and the days are short. "
        "That is winter. In between come spring and autumn, when neither half leans towards the Sun. You can try "
        "it at home with an orange and a lamp: push a stick through the orange, tilt it a bit, and walk around "
        "the lamp without changing the tilt. Watch how the bright part moves. And when it is winter for us, "
        "children on the other half of the Earth go swimming!"
    ),
    "Write a short story about a lighthouse keeper and a letter.": (
        "Every morning Marta climbed the hundred and twelve steps to the lamp, wiped the glass, and looked for "
        "ships. Few came by any more. One day in October the mail boat brought a letter with no name on it, only "
        "a drawing of the lighthouse. Inside somebody had written: thank you for the light on the ninth of March."
        " Marta turned the page over, but there was nothing else. She went to the shelf where the old log books "
        "stood and looked up the ninth of March. Storm from the west, she had written thirty years ago, lamp "
        "burning all night, nothing to report. She remembered that night. The wind had broken a window, and she "
        "had sat beside the lamp with a blanket and a pot of tea, because she was afraid that it might go out. "
        "She had thought that nobody was out there. Now she made tea again, sat down at the table, and began to "
        "draw: the stairs, the lamp, a woman with a blanket. Under it she wrote that the light was still on and "
        "that visitors were welcome on Sundays. The mail boat took the answer along without an address. In the "
        "spring, on a Sunday, there was a knock at the door."
    ),
}
